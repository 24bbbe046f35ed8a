#include "app/program.h"

#include <sys/stat.h>

#include <filesystem>

#include "app/budget_keeper.h"
#include "app/exchange_spans.h"
#include "app/key_keeper.h"
#include "app/sweeper.h"
#include "app/usage_receipts.h"
#include "app/usage_seals.h"
#include "base/crypto.h"
#include "base/log.h"
#include "footprint/footprint.h"
#include "governance/audit.h"
#include "governance/signer.h"
#include "guard/house_guard.h"
#include "http_api/in_house.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/problem.h"
#include "http_api/web_files.h"
#include "knowledge/ingest/read_text.h"
#include "knowledge/library.h"
#include "net/smtp.h"
#include "notices/postman.h"
#include "observe/access_log.h"
#include "observe/call_metrics.h"
#include "observe/traces.h"
#include "storage/batches/batch_store.h"
#include "storage/chat/conversation_store.h"
#include "storage/files/file_store.h"
#include "storage/governance/log.h"
#include "storage/guard/pseudonym_store.h"
#include "storage/identity/audience.h"
#include "storage/identity/sqlite_stores.h"
#include "storage/key_file.h"
#include "storage/knowledge/library_store.h"
#include "storage/notices/notice_store.h"
#include "storage/policy/usage_log.h"
#include "storage/policy/usage_reports.h"
#include "storage/responses/response_conversation_store.h"
#include "storage/responses/response_store.h"

namespace bastide::app {
namespace {

// Blocking work of requests: reads and writes of the database, files, password hashes. Threads are many
// because they wait more than they compute; their stacks cost nothing until used.
constexpr std::size_t io_threads = 12;
constexpr std::size_t io_queue_max = 4096;

Result<void> make_folder(const DataFolder& data) {
  std::error_code error;
  for (const auto& folder : {data.path, data.keys(), data.cache()}) {
    std::filesystem::create_directories(folder, error);
    if (error)
      return fail(Code::unavailable,
                  "The data folder \"" + folder + "\" cannot be made: " + error.message() + ".",
                  "data_folder", "Check its owner and rights, or give another with --data.");
  }
  ::chmod(data.keys().c_str(), 0700);
  return {};
}

// What a token of a model takes, from the footprint of a thousand.
policy::TokenEnergy energy_of(const footprint::Estimator& footprint, const policy::ModelCard& model) {
  constexpr std::int64_t sample = 1000;
  exchange::Usage input, output;
  input.input_tokens = sample;
  output.output_tokens = sample;
  const auto read = footprint.of(model, input, 0, {}), written = footprint.of(model, output, 0, {});
  return {read.wh_high / sample, written.wh_high / sample, read.wh_low / sample, written.wh_low / sample};
}

constexpr Millis notices_kept{400LL * 24 * 3600 * 1000};

responses::Options responses_options(const ResponsesConfig& config) {
  using Store = responses::Options::Store;
  return {config.store ? Store::as_asked : Store::always_refused, config.keep_days};
}

std::string public_url(const ServerConfig& server) {
  if (server.public_url.empty())
    return (server.tls_certificate_file ? "https://" : "http://") + server.listen;
  return server.public_url.substr(0, server.public_url.find_last_not_of('/') + 1);
}

}  // namespace

// In the order in which each needs the ones before; destroyed the other way.
struct Program::Parts {
  Config config;
  DataFolder data;
  Metrics metrics;

  // State: one database, one folder of files, the keys that open what is sealed.
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<storage::Blobs> blobs;
  std::unique_ptr<identity::PersonKeys> person_keys;
  std::string prefix_key;  // of what models computed and may find again after a restart
  std::unique_ptr<storage::IdentityStores> identity_stores;
  std::unique_ptr<storage::SqliteUsageLog> usage_log;
  std::unique_ptr<storage::SqliteUsageReports> usage_reports;
  std::unique_ptr<storage::UsageSealStore> seal_store;
  std::unique_ptr<storage::SqliteLog> log_store;
  std::unique_ptr<knowledge::LibraryStore> library_store;
  std::unique_ptr<chat::ConversationStore> conversations;
  std::unique_ptr<responses::ResponseStore> response_store;
  std::unique_ptr<responses::ConversationStore> conversation_store;
  std::unique_ptr<files::FileStore> file_store;
  std::unique_ptr<batches::BatchStore> batch_store;
  std::unique_ptr<notices::NoticeStore> notice_store;
  std::unique_ptr<identity::Audience> audience;
  std::unique_ptr<guard::PseudonymStore> pseudonyms;

  // Threads: for what blocks, and a loop for background work that awaits models.
  std::unique_ptr<Pool> io;
  std::unique_ptr<net::LoopThread> loop;
  std::unique_ptr<net::Client> client;
  std::unique_ptr<KeyRings> provider_keys;
  std::unique_ptr<FairGates> gates;
  std::unique_ptr<observe::Traces> traces;  // null: none leave
  std::unique_ptr<ExchangeSpans> spans;     // of the calls that walk the stages; null with `traces`

  // Rooms.
  std::unique_ptr<identity::Identity> identity;
  std::unique_ptr<policy::Labels> labels;
  std::unique_ptr<policy::Router> router;
  std::unique_ptr<footprint::Estimator> footprint;
  std::unique_ptr<policy::Accounts> accounts;
  std::unique_ptr<policy::Limiter> limiter;
  std::unique_ptr<guard::Detector> detector;
  std::unique_ptr<guard::HouseGuard> guard;
  std::unique_ptr<models::House> models;
  std::unique_ptr<files::Files> files;
  knowledge::Parser parser;
  http_api::ReadText read_text;
  std::unique_ptr<knowledge::Library> library;
  std::unique_ptr<governance::Audit> audit;
  std::unique_ptr<models::Shelf> shelf;  // its pulls end before the log goes
  std::unique_ptr<UsageSeals> usage_seals;
  std::unique_ptr<BudgetNotices> budget_notices;
  std::unique_ptr<BudgetKeeper> budget_keeper;
  std::unique_ptr<net::Smtp> smtp;  // null: no letter leaves
  std::unique_ptr<KeyKeeper> key_keeper;

  // The square, and who comes through which door.
  std::unique_ptr<exchange::Pipeline> pipeline;
  std::unique_ptr<chat::Chat> chat;
  std::unique_ptr<responses::Responses> responses;
  std::unique_ptr<responses::Background> background;
  std::unique_ptr<responses::Conversations> kept_conversations;
  std::unique_ptr<UsageReceipts> usage_receipts;
  std::unique_ptr<gateway::Gateway> gateway;
  http_api::WebFiles web;
  std::unique_ptr<http_api::Services> services;
  http_api::Doors doors;
  std::unique_ptr<batches::Batches> batches;  // ends its lines before what answers them goes
  std::unique_ptr<Sweeper> sweeper;
  std::unique_ptr<notices::Postman> postman;

  Result<void> open_state();
  Result<void> open_accounts();
  void open_observation();
  Result<void> open_rooms();
  void open_doors();
  [[nodiscard]] responses::Background::Rooms background_rooms();
  ErasureRooms erasure() {
    return {*identity,   *chat,    *responses, *background,   *batches,     *files,
            *pseudonyms, *library, *audit,     *notice_store, *person_keys, *models};
  }
};

Result<void> Program::Parts::open_state() {
  auto made = make_folder(data);
  if (!made) return made;
  auto opened = storage::Database::open(data.database());
  if (!opened) return pass(opened);
  database = std::move(*opened);
  auto folder = storage::open_folder_blobs(data.blobs());
  if (!folder) return pass(folder);
  blobs = std::move(*folder);
  auto master = storage::open_key_file(data.keys() + "/master.key");
  if (!master) return pass(master);
  auto keys = storage::open_person_keys(*database, *master);
  if (!keys) return pass(keys);
  person_keys = std::move(*keys);
  const auto of_prefixes = hmac_sha256(*master, "computed beginnings of prompts");
  prefix_key.assign(of_prefixes.begin(), of_prefixes.end());
  auto key_of = [this](std::string_view person) { return person_keys->key_of(person); };
  identity_stores = std::make_unique<storage::IdentityStores>(*database);
  auto usage = storage::SqliteUsageLog::open(data.usage(), *database);
  if (!usage) return pass(usage);
  usage_log = std::move(*usage);
  usage_reports = std::make_unique<storage::SqliteUsageReports>(*database);
  seal_store = std::make_unique<storage::UsageSealStore>(*database);
  log_store = std::make_unique<storage::SqliteLog>(*database);
  library_store = storage::make_library_store(*database);
  conversations = storage::open_conversation_store(*database, key_of);
  response_store = storage::open_response_store(*database, key_of);
  conversation_store = storage::open_response_conversation_store(*database, key_of);
  file_store = storage::open_file_store(*database, key_of);
  batch_store = storage::open_batch_store(*database, key_of);
  notice_store = storage::open_notice_store(*database);
  audience = storage::open_audience(*database);
  pseudonyms = storage::open_pseudonym_store(*database);
  return {};
}

Result<void> Program::Parts::open_accounts() {
  const auto now = policy::Moment::now();
  auto spent = usage_log->spent(now.wall);
  if (!spent) return pass(spent);
  accounts = std::make_unique<policy::Accounts>(
      config,
      policy::rules_of(config, [this](const OwnerConfig& owner) { return scope_of(owner, *identity); }),
      *spent, now, [this](const policy::ModelCard& model) { return energy_of(*footprint, model); },
      usage_log.get());
  metrics.gauge("bastide_models_without_price",
                "Models outside the walls whose cost is an estimate because nobody gave their price.",
                [this] { return static_cast<double>(accounts->unpriced()); });
  limiter = std::make_unique<policy::Limiter>(*accounts, *usage_log, *labels);
  return {};
}

void Program::Parts::open_observation() {
  const auto text = [this](policy::Word word) { return usage_log->words().text(word); };
  usage_log->watch([figures = std::make_shared<observe::CallMetrics>(metrics, text)](
                       std::span<const policy::UsageRow> rows) { figures->take(rows); });
  const auto& wanted = config.observability;
  if (!wanted.access_log.empty())
    usage_log->watch([log = std::make_shared<observe::AccessLog>(wanted.access_log, text)](
                         std::span<const policy::UsageRow> rows) { log->take(rows); });
  if (!wanted.otlp_url.empty())
    traces = std::make_unique<observe::Traces>(wanted, *client, loop->loop(), metrics);
  if (traces) spans = std::make_unique<ExchangeSpans>(config, *traces);
}

Result<void> Program::Parts::open_rooms() {
  io = std::make_unique<Pool>("io", io_threads, io_queue_max);
  auto started = net::LoopThread::start("background");
  if (!started) return pass(started);
  loop = std::move(*started);
  auto made_client = net::Client::create({.ca_file = {}, .idle_per_host_max = 256});
  if (!made_client) return pass(made_client);
  client = std::move(*made_client);

  provider_keys = std::make_unique<KeyRings>(config);
  gates = std::make_unique<FairGates>(config);
  open_observation();
  identity = std::make_unique<identity::Identity>(identity_stores->ports(), identity::Options{});
  labels = std::make_unique<policy::Labels>(config);
  router = std::make_unique<policy::Router>(config, *labels);
  footprint = std::make_unique<footprint::Estimator>(config);
  auto accounts_opened = open_accounts();
  if (!accounts_opened) return accounts_opened;
  detector = std::make_unique<guard::Detector>();
  auto key_of = [this](std::string_view person) { return person_keys->key_of(person); };
  auto made_guard = guard::HouseGuard::make(config.guard, *detector, *pseudonyms, key_of, *io);
  if (!made_guard) return pass(made_guard);
  guard = std::move(*made_guard);

  models::HouseOptions options;
  options.data_folder = data.path;
  options.prefix_key = prefix_key;
  options.provider_keys = provider_keys.get();
  auto house = models::House::create(config, options, *client, *io, metrics);
  if (!house) return pass(house);
  models = std::move(*house);
  shelf = std::make_unique<models::Shelf>(options.own_binary, data.path);
  files = std::make_unique<files::Files>(*file_store, *blobs, files::FileBounds{});
  parser = knowledge::sandboxed_parser(knowledge::parse::ParseLimits::from(config.knowledge));
  read_text = [this](std::string_view bytes, std::string name, std::string media_type) {
    return knowledge::read_text(parser, bytes, std::move(name), std::move(media_type));
  };
  library = knowledge::Library::make(
      {.store = *library_store,
       .blobs = *blobs,
       .models = *models,
       .labels = *labels,
       .pool = *io,
       .metrics = metrics,
       .config = config.knowledge,
       .cache_folder = data.cache(),
       .parser = parser,
       .embedding = &loop->loop(),
       .is_kept_elsewhere = [this](const std::string& blob) { return files->holds(blob); }});
  auto signer = governance::Signer::open(data.keys() + "/log.key");
  if (!signer) return pass(signer);
  audit = std::make_unique<governance::Audit>(*log_store, *person_keys, std::move(*signer), *io);
  usage_seals = std::make_unique<UsageSeals>(*usage_log, *seal_store, *audit);
  using Letters = notices::NoticeStore::Letters;
  budget_notices = std::make_unique<BudgetNotices>(BudgetNotices::Rooms{
      *identity, *audience, *notice_store, config.mail.is_on() ? Letters::send : Letters::none});
  budget_keeper = std::make_unique<BudgetKeeper>(
      BudgetKeeper::Rooms{config, *identity, *accounts, *usage_log, *usage_reports, *audit, *budget_notices});
  key_keeper = std::make_unique<KeyKeeper>(*provider_keys, *audit);
  for (const auto& provider : config.providers)
    metrics.gauge(
        "bastide_provider_keys_refused", "Keys that rest because their provider refused them.",
        [ring = &provider_keys->of(provider.id)] { return static_cast<double>(ring->refused_count()); },
        "provider=\"" + provider.id + "\"");
  metrics.gauge("bastide_usage_rows_refused", "Calls that could not be written to the usage log.",
                [this] { return static_cast<double>(usage_log->refused()); });
  return {};
}

responses::Background::Rooms Program::Parts::background_rooms() {
  return {*responses,
          *response_store,
          *pipeline,
          *identity,
          *labels,
          *io,
          loop->loop(),
          [this](const identity::Principal& who, dialects::ChatRequest& request,
                 exchange::Ask& ask) -> Result<void> {
            if (auto put = http_api::put_left_files(*files, read_text, who.person, request); !put) return put;
            if (auto taken = http_api::take_options(request, ask); !taken) return taken;
            for (auto& given : ask.collections) {
              auto found = library->find_collection(who, given);
              if (!found) return pass(found);
              given = found->id;
            }
            return {};
          },
          [this](std::string_view name) { return gateway->member_of(name); },
          http_api::in_language};
}

void Program::Parts::open_doors() {
  pipeline = std::make_unique<exchange::Pipeline>(exchange::Rooms{
      *labels, *router, *limiter, *guard, *library, *models, *footprint, *audit, spans.get(), gates.get()});
  chat = std::make_unique<chat::Chat>(
      *conversations, *pipeline, *labels, *router, *io, metrics,
      [this](std::string_view conversation) { return pseudonyms->forget(conversation); });
  responses = std::make_unique<responses::Responses>(
      *response_store, *conversation_store, responses_options(config.responses), *labels, *io,
      [this](std::string_view chain) { return pseudonyms->forget(chain); });
  kept_conversations = std::make_unique<responses::Conversations>(
      *conversation_store,
      config.responses.store ? responses::Conversations::Keep::allowed
                             : responses::Conversations::Keep::refused,
      *io, [this](std::string_view id) { return pseudonyms->forget(id); });
  usage_receipts = std::make_unique<UsageReceipts>(*usage_log, *labels, *models, *footprint);
  gateway = std::make_unique<gateway::Gateway>(
      config, *router, *labels,
      gateway::Rooms{*accounts, *usage_log, *guard, *client, *provider_keys, identity->key_table(), *gates,
                     traces.get(), metrics});
  background = std::make_unique<responses::Background>(background_rooms(), responses::background_bounds);
  batches = std::make_unique<batches::Batches>(
      batches::Batches::Rooms{
          *batch_store, *files, *io, loop->loop(),
          [this](const identity::Asker& asker) { return identity::who_now(*identity, asker); },
          [this](batches::LineCall call) { return http_api::ask_in_house(doors.house, std::move(call)); },
          http_api::in_language},
      batches::BatchBounds{});
  metrics.gauge(
      "bastide_batches", "Batches that have not ended.",
      [this] { return static_cast<double>(batches->counts().running); }, "state=\"running\"");
  metrics.gauge(
      "bastide_batches", "Batches that have not ended.",
      [this] { return static_cast<double>(batches->counts().waiting); }, "state=\"waiting\"");
  web = http_api::embedded_web_files();
  services = std::unique_ptr<http_api::Services>(new http_api::Services{
      config,
      metrics,
      *io,
      web,
      *identity,
      *labels,
      *router,
      *guard,
      *models,
      *shelf,
      *library,
      *blobs,
      *pipeline,
      *gateway,
      *chat,
      *files,
      read_text,
      *batches,
      *responses,
      *background,
      *kept_conversations,
      *audit,
      *accounts,
      *usage_reports,
      *notice_store,
      [this](std::string_view exchange, const identity::Principal& who) {
        return usage_receipts->receipt(exchange, who);
      },
      [this](std::string_view exchange, const identity::Principal& who) {
        return usage_seals->proof_json(exchange, who);
      },
      [this] { return database->read([](storage::Connection& db) { db.execute("select 1"); }).has_value(); },
      [this](const identity::Principal& actor, std::string_view person) -> Result<void> {
        auto erased = erase_person(erasure(), actor, person);
        if (!erased) return pass(erased);
        return {};
      }});
  doors = http_api::make_doors(*services);
}

Program::Program(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Program::~Program() = default;

Result<std::unique_ptr<Program>> Program::open(const Config& config, const std::string& data_folder) {
  auto parts = std::make_unique<Parts>();
  parts->config = config;
  parts->data.path = data_folder;
  if (auto state = parts->open_state(); !state) return pass(state);
  if (auto rooms = parts->open_rooms(); !rooms) return pass(rooms);
  parts->open_doors();
  return std::unique_ptr<Program>(new Program(std::move(parts)));
}

identity::Identity& Program::identity() { return *parts_->identity; }
knowledge::Library& Program::library() { return *parts_->library; }
governance::Audit& Program::audit() { return *parts_->audit; }
batches::Batches& Program::batches() { return *parts_->batches; }
responses::Background& Program::background() { return *parts_->background; }
chat::Chat& Program::chat() { return *parts_->chat; }
policy::Accounts& Program::accounts() { return *parts_->accounts; }
models::House& Program::models() { return *parts_->models; }
const exchange::Pipeline& Program::pipeline() { return *parts_->pipeline; }
const policy::Labels& Program::labels() { return *parts_->labels; }
net::Handler Program::handler() { return parts_->doors.port; }
Metrics& Program::metrics() { return parts_->metrics; }
void Program::seal_usage() { parts_->usage_seals->start(); }
void Program::start_sweeper() {
  parts_->sweeper = std::make_unique<Sweeper>(std::vector<Sweeper::Sweep>{
      {"conversations_of_responses", [this](UnixMillis now) { return parts_->responses->sweep(now); }},
      {"batches", [this](UnixMillis now) { return parts_->batches->sweep(now); }},
      {"files", [this](UnixMillis now) { return parts_->files->sweep(now); }},
      {"notices",
       [this](UnixMillis now) { return parts_->notice_store->sweep(now - notices_kept.count()); }}});
}

void Program::start_postman() {
  const auto& config = parts_->config;
  if (!config.mail.is_on()) return;
  parts_->smtp = std::make_unique<net::Smtp>(config.mail);
  const auto address_of = [this](std::string_view person) -> Result<std::optional<notices::Addressee>> {
    auto found = parts_->audience->person(person);
    if (!found) return pass(found);
    if (found->empty()) return std::nullopt;
    return notices::Addressee{found->front().email, found->front().language};
  };
  parts_->postman = std::make_unique<notices::Postman>(
      notices::Postman::Rooms{*parts_->notice_store,
                              [this](const std::string& to, const std::string& message) {
                                return parts_->smtp->send(to, message);
                              },
                              address_of, parts_->metrics},
      notices::LetterFrame{config.mail.from, config.server.organisation, public_url(config.server)});
}
void Program::reload_keys() { parts_->key_keeper->look_now(); }
ErasureRooms Program::erasure() { return parts_->erasure(); }
net::Loop& Program::loop() { return parts_->loop->loop(); }

struct Accounts::Parts {
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<storage::IdentityStores> stores;
  std::unique_ptr<identity::Identity> identity;
};

Accounts::Accounts(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Accounts::~Accounts() = default;
identity::Identity& Accounts::identity() { return *parts_->identity; }

Result<std::unique_ptr<Accounts>> Accounts::open(const std::string& data_folder) {
  DataFolder data{data_folder};
  auto made = make_folder(data);
  if (!made) return pass(made);
  auto parts = std::make_unique<Parts>();
  auto database = storage::Database::open(data.database());
  if (!database) return pass(database);
  parts->database = std::move(*database);
  parts->stores = std::make_unique<storage::IdentityStores>(*parts->database);
  parts->identity = std::make_unique<identity::Identity>(parts->stores->ports(), identity::Options{});
  return std::unique_ptr<Accounts>(new Accounts(std::move(parts)));
}

}  // namespace bastide::app
