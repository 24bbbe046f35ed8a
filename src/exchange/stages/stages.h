// One maker a stage; each lives in the file of its name.
#pragma once

#include <memory>

#include "exchange/stage.h"
#include "exchange/work.h"

namespace bastide::exchange {

std::unique_ptr<Stage> identify_stage();
std::unique_ptr<Stage> admit_stage(Admission& admission);
std::unique_ptr<Stage> label_stage(const policy::Labels& labels);
std::unique_ptr<Stage> guard_in_stage(const Guard& guard);
std::unique_ptr<Stage> retrieve_stage(Knowledge& knowledge, const policy::Labels& labels);
std::unique_ptr<Stage> compose_stage(Models& models);
std::unique_ptr<Stage> route_stage(const policy::Router& router, const policy::Labels& labels, Models& models,
                                   Admission& admission);
std::unique_ptr<Stage> pseudonymise_stage(const policy::Router& router, Guard& guard);
std::unique_ptr<Stage> call_stage(const policy::Router& router, Models& models, Knowledge& knowledge,
                                  Admission& admission, const FairGates* gates = nullptr);
/// The call of what is no answer in words.
std::unique_ptr<Stage> work_stage(const Rooms& rooms, Work& work);
std::unique_ptr<Stage> guard_out_stage(Knowledge& knowledge);
std::unique_ptr<Stage> record_stage(const Rooms& rooms);
std::unique_ptr<Stage> deliver_stage();

}  // namespace bastide::exchange
