// The sample collection of an organisation: for everyone, made by an administrator, once.
#include "knowledge/sample/sample.h"

#include "base/id.h"
#include "knowledge/access.h"
#include "knowledge/library/impl.h"

namespace bastide::knowledge::detail {
namespace {
const std::string collection_name = "Valmoret (exemple / sample)";

const std::vector<SampleQuestion>& questions() {
  static const std::vector<SampleQuestion> all{
      {"fr", "Combien de jours de télétravail par semaine un agent à temps plein peut-il prendre ?"},
      {"fr", "Quel jour les emballages du quartier de la Gare sont-ils collectés ?"},
      {"fr", "Peut-on être remboursé d'une nuit d'hôtel à Paris, et jusqu'à combien ?"},
      {"en", "How many days of paid leave do full-time staff have?"},
      {"en", "What should I do if my laptop is stolen?"},
      {"en", "How much does admission to the castle cost, and when is it free?"},
  };
  return all;
}

/// The id says that it is the sample: its name may be changed.
std::string sample_id(const std::string& organisation) { return "col_sample_" + organisation; }
}  // namespace

Result<SampleView> LibraryImpl::sample(const identity::Principal& who) {
  SampleView view{.state = "absent", .collection = {}, .questions = questions()};
  auto row = parts_.store.collection(asker_of(who), sample_id(who.organisation));
  if (!row && row.error().code != Code::not_found) return pass(row);
  if (!row) return view;
  view.collection = row->id;
  view.state = row->ready >= static_cast<std::int64_t>(sample::files().size()) ? "ready" : "loading";
  if (view.state == "ready") return view;
  // A document that failed, or that somebody removed, must not leave the sample loading for ever.
  auto list = parts_.store.documents(asker_of(who), row->id, {.q = {}, .after = {}, .limit = 200});
  if (!list) return pass(list);
  bool busy = false;
  for (const auto& document : list->items)
    busy = busy || (document.state != DocumentState::ready && document.state != DocumentState::failed);
  if (!busy && !list->items.empty()) view.state = "ready";
  return view;
}

Result<SampleView> LibraryImpl::load_sample(const identity::Principal& who) {
  const auto id = sample_id(who.organisation);
  auto there = parts_.store.collection(asker_of(who), id);
  if (!there && there.error().code != Code::not_found) return pass(there);
  if (!there) {
    CollectionRow row;
    row.id = id;
    row.organisation = who.organisation;
    row.name = collection_name;
    row.label = parts_.labels.all().front().id;
    row.owner = who.person;
    row.readers = {"everyone"};
    row.created_at = now_ms();
    auto made = parts_.store.insert_collection(row);
    // Another call may have made it meanwhile.
    if (!made && made.error().code != Code::conflict) return pass(made);
  }
  for (const auto& file : sample::files()) {
    constexpr std::string_view pdf_source = ".pdf.txt";
    const bool is_pdf = file.name.ends_with(pdf_source);
    const std::string name(is_pdf ? file.name.substr(0, file.name.size() - 4) : file.name);
    const auto bytes = is_pdf ? sample::write_pdf(file.text) : std::string(file.text);
    auto writer = parts_.blobs.create();  // lives until there is a reference
    if (!writer) return pass(writer);
    if (auto written = (*writer)->write(bytes); !written) return pass(written);
    auto blob = (*writer)->commit();
    if (!blob) return pass(blob);
    NewVersion version;
    version.document = new_id("doc");
    version.version = new_id("ver");
    version.organisation = who.organisation;
    version.collection = id;
    version.name = name;
    version.created_by = who.person;
    version.blob = *blob;
    version.bytes = static_cast<std::int64_t>(bytes.size());
    version.at = now_ms();
    auto added = parts_.store.add_version(version, [&] { return parts_.blobs.path(*blob).has_value(); });
    if (!added) return pass(added);
  }
  workers_.wake();
  return sample(who);
}

}  // namespace bastide::knowledge::detail
