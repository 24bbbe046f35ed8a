// The shapes of docs/workspace-api.md. What the server may leave out is optional here, and read with a default.

export type Role = "admin" | "manager" | "member";
export type Language = "fr" | "en";

export interface Person {
  id: string;
  email: string;
  name: string;
  role: Role;
  language?: Language | null;
  disabled?: boolean;
}

export interface Session {
  person: Person;
  csrf: string;
  organisation?: string;
  notice_seen?: boolean;
}

export interface Place {
  kind: "walls" | "zone" | "outside";
  zone?: string;
}

export type ModelState = "ready" | "loading" | "stopped" | "failed" | "missing";

export interface Model {
  id: string;
  name: string;
  place: Place;
  capabilities?: string[];
  answers_documents?: boolean;
  /** Labels whose questions may go to it. */
  labels?: string[];
  state: ModelState;
  state_detail?: string;
  context_tokens?: number;
}

export interface Label {
  id: string;
  name_fr?: string;
  name_en?: string;
  rank: number;
}

export interface Labels {
  labels: Label[];
  default: string;
  walls_only?: string[];
}

export interface Collection {
  id: string;
  name: string;
  label: string;
  readers?: string[];
  documents: number;
  ready: number;
  may_write?: boolean;
  created_at: string;
}

export interface DocumentError {
  code: string;
  detail_code?: string;
  title?: string;
  detail?: string;
  action?: string;
}

export type DocumentState = "queued" | "parsing" | "embedding" | "ready" | "failed";

export interface Doc {
  id: string;
  collection: string;
  collection_name?: string;
  title: string;
  name: string;
  media_type: string;
  bytes: number;
  state: DocumentState;
  progress: number;
  error?: DocumentError | null;
  pages?: number | null;
  chunks?: number | null;
  label: string;
  created_at: string;
  version?: string | number;
}

export interface Block {
  kind: "heading" | "paragraph" | "list" | "table" | "code" | "quote" | "caption";
  level?: number;
  page?: number | null;
  text: string;
  /** Where the block begins, in code points of the whole text. */
  start: number;
}

export interface Highlight {
  start: number;
  end: number;
  page?: number | null;
  /** PDF points from the top left of the page. */
  boxes?: [number, number, number, number][];
  page_size?: [number, number];
}

export interface DocumentContent {
  id: string;
  title: string;
  media_type: string;
  pages?: number | null;
  blocks: Block[];
  highlight?: Highlight | null;
}

export interface SampleQuestion {
  language: Language;
  text: string;
}

export interface Sample {
  state: "absent" | "loading" | "ready";
  collection?: string | null;
  questions: SampleQuestion[];
}

export interface Citation {
  marker: number;
  passage: string;
  document: string;
  title: string;
  page?: number | null;
  quote: string;
  /** The table's first row, when the quote is a row of one. */
  header?: string;
  score?: number;
}

export interface MaskedItem {
  type: string;
  token: string;
  original: string;
}

export interface Energy {
  wh_low: number;
  wh_high: number;
  gco2e_low?: number;
  gco2e_high?: number;
  method?: string;
  basis?: string;
  /** What stands in for what is not known, in English sentences. */
  assumed?: string[];
}

export interface Usage {
  input_tokens?: number;
  output_tokens?: number;
  cached_input_tokens?: number;
}

/** What calls came to; energy lies between the two. */
export interface UsageSum {
  requests: number;
  errors: number;
  tokens: { input: number; cached_input: number; output: number };
  cost: number;
  energy: { wh_low: number; wh_high: number };
}

export interface UsageDay extends UsageSum {
  day: string;
  model: string;
}

export interface Budget {
  scope: string;
  unit: "money" | "tokens" | "requests" | "energy";
  period: "day" | "week" | "month";
  limit: number;
  spent: number;
  reserved: number;
  nearly_spent: boolean;
  ends_at: string;
}

/** What a person is told until it is read. */
export interface BudgetNotice {
  id: string;
  at: string;
  scope: string;
  name: string;
  unit: Budget["unit"];
  period: Budget["period"];
  limit: number;
  spent: number;
}

export interface OwnUsage {
  days: UsageDay[];
  total: UsageSum;
  budgets: Budget[];
}

export interface OrganisationUsage extends OwnUsage {
  usage: (UsageSum & { id: string; name: string })[];
  gaps: { found_at: string; recovered: number; lost: number }[];
}

export interface RouteCandidate {
  model: string;
  allowed: boolean;
  reason: string;
  text?: string;
}

export interface ProblemBody {
  status?: number;
  code: string;
  detail_code?: string;
  title?: string;
  detail?: string;
  action?: string;
  candidates?: RouteCandidate[];
  label?: string;
  setup_needed?: boolean;
  organisation?: string;
}

export type MessageState = "complete" | "streaming" | "stopped" | "interrupted" | "failed" | "refused";
export type Quoting = "asked" | "no_model" | "not_supported" | "nothing_found";

export interface Message {
  id: string;
  /** Stays when an optimistic message takes its real id, so that its element is kept. */
  key?: string;
  parent: string | null;
  speaker: "user" | "assistant";
  content: string;
  state: MessageState;
  created_at: string;
  stream?: string | null;
  exchange?: string | null;
  model?: string | null;
  model_name?: string | null;
  place?: Place | null;
  label?: string | null;
  took_ms?: number | null;
  citations?: Citation[];
  quoting?: Quoting | null;
  masked?: MaskedItem[] | null;
  usage?: Usage | null;
  cost?: number | null;
  energy?: Energy | null;
  error?: ProblemBody | null;
  generated?: boolean;
}

export interface ConversationRow {
  id: string;
  title: string;
  updated_at: string;
  label?: string | null;
  snippet?: string | null;
}

export interface Conversation {
  id: string;
  title: string;
  created_at: string;
  updated_at: string;
  leaf: string | null;
  messages: Message[];
  label?: string | null;
  /** As the last question of it was asked. */
  settings?: { model?: string; label?: string | null; collections?: string[]; quote_only?: boolean };
}

export interface Asked {
  message: string;
  /** None when an answer is given again or gone on with. */
  question: string | null;
  stream: string;
}

export interface Preview {
  label?: string;
  masked?: MaskedItem[];
  findings?: { type: string; start: number; end: number }[];
  /** Whether it would go beyond the walls. */
  leaves?: boolean;
  route?: { chosen?: string | null; name?: string; place?: Place["kind"] | "none"; zone?: string; allowed?: boolean; candidates?: RouteCandidate[] };
  refused?: ProblemBody | null;
}

export interface StageEvent {
  name: string;
  decision?: string;
  reasons?: string[];
  detail?: Record<string, unknown>;
}

export interface ReceiptStage extends StageEvent {
  took_us?: number;
}

export interface Receipt {
  exchange: string;
  started_at?: string;
  took_ms?: number;
  first_token_ms?: number;
  conversation?: string;
  finish?: string;
  label?: string;
  label_reasons?: string[];
  quoting?: Quoting | null;
  stages: ReceiptStage[];
  route?: { chosen?: string | null; name?: string; zone?: string; candidates?: RouteCandidate[] };
  guard?: { findings?: { type: string }[]; masked?: { type: string; token: string; original?: string }[] };
  tokens?: { input?: number; output?: number; cached_input?: number; estimated?: boolean };
  cost?: { amount?: number; known?: boolean } | null;
  /** Of models on this machine. */
  speed?: { queue_ms: number; prompt_tokens_per_s: number; output_tokens_per_s: number };
  energy?: Energy | null;
  citations?: Citation[];
  checked?: { claims?: number; supported?: number; withheld?: number };
  error?: ProblemBody | null;
}

/** What a one-time link is for. */
export interface WelcomeLink {
  kind: "first_administrator" | "invitation" | "password_reset";
  email?: string;
  name?: string;
  organisation?: string;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes?: string[];
  models?: string[];
  addresses?: string[];
  created_at: string;
  last_used_at?: string | null;
  expires_at?: string | null;
  /** Until then the secret before the last rotation opens too. */
  old_secret_until?: string | null;
}

/** What `bastide model bench` measured of a model on this machine. */
export interface Measured {
  measured_at: string;
  place: string;
  prompt_tokens_per_s?: number;
  one_answer_tokens_per_s?: number;
  eight_answers_tokens_per_s?: number;
  embedding_tokens_per_s?: number;
  wh_per_1000_tokens?: number;
  energy_source?: string;
}

/** A model that is on this machine, or could be. */
export interface ShelfModel {
  id: string;
  name: string;
  family: string;
  kind: "chat" | "embedding" | "reranker";
  licence: string;
  languages: string[];
  context_tokens: number;
  /** Billions, from and to. */
  parameters_total?: [number, number];
  reads_images: boolean;
  download_bytes: number;
  memory_bytes?: number;
  room: "fits" | "too_large" | "unknown";
  installed: boolean;
  quality: { benchmark: string; score: number; source: string }[];
  measured?: Measured;
  state?: Model["state"];
  state_detail?: string;
  pull?: { step: "fetching" | "checking" | "failed"; done_bytes: number; total_bytes: number; error?: ProblemBody };
}

export interface Shelf {
  machine: { memory_bytes: number; gpus: { name: string; free_bytes: number; total_bytes: number }[] };
  models: ShelfModel[];
}

export interface Group {
  id: string;
  name: string;
  members: string[];
}

export interface Paged {
  next?: string | null;
}
