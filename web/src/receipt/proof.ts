// Checks in the browser that a receipt stands in the audit log, without believing the server: its fingerprint
// is in the log's entry, the entry's path leads to the root (RFC 9162, section 2.1.3.2), the root is signed
// (C2SP signed notes, Ed25519).

export interface Proof {
  entry: string;
  salt: string;
  leaf_index: number;
  leaf_hash: string;
  tree_size: number;
  root_hash: string;
  inclusion: string[];
  checkpoint: string;
  public_key: string;
  /** Of a call that passed as bytes: what the entry says, and the call's row in the tree whose root it names. */
  seal?: string;
  row?: { bytes: string; index: number; rows: number; inclusion: string[] };
}

/** Where it broke, or what holds. `signature` is "unchecked" where the browser knows no Ed25519. */
export type Verdict =
  | { holds: true; of: "receipt" | "row"; entry: number; size: number; root: string; key: string; at: string; signature: "valid" | "unchecked" }
  | { holds: false; broken: "receipt" | "entry" | "path" | "checkpoint" | "signature" };

type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = new TextEncoder();

function fromBase64(text: string): Bytes {
  const binary = atob(text);
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) out[i] = binary.charCodeAt(i);
  return out;
}

function joined(...parts: Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const sha256 = async (...parts: Bytes[]): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
const hex = (bytes: Bytes): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (a: Bytes, b: Bytes): boolean => hex(a) === hex(b);

/** The root that a leaf's path leads to; null where the path has the wrong length for the tree. */
export async function rootFrom(leaf: Bytes, index: number, size: number, path: readonly Bytes[]): Promise<Bytes | null> {
  if (index < 0 || index >= size) return null;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = await sha256(Uint8Array.of(1), sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : null;
}

/** Whether `note` bears the signature of `key` ("name+hash+base64"); null where the browser cannot tell. */
async function signedBy(key: string, note: string): Promise<boolean | null> {
  const [name = "", , ...rest] = key.split("+");
  const raw = fromBase64(rest.join("+"));
  const end = note.lastIndexOf("\n\n");
  const line = note.slice(end + 2).split("\n").find((one) => one.startsWith(`— ${name} `));
  if (end < 0 || !line || raw[0] !== 1) return false;
  const signature = fromBase64(line.slice(name.length + 3)).slice(4);
  try {
    const imported = await crypto.subtle.importKey("raw", raw.slice(1), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, utf8.encode(note.slice(0, end + 1)));
  } catch {
    return null;
  }
}

/** Where a row keeps the id of its exchange. */
const rowExchange = { from: 32, to: 64 };

/** Whether the call's row leads to the root that the seal names, and the seal to the entry's fingerprint. */
async function rowIsSealed(proof: Proof, commitment: string | undefined, exchange: string): Promise<boolean> {
  if (!proof.row || proof.seal === undefined) return false;
  const bytes = fromBase64(proof.row.bytes);
  const id = new TextDecoder().decode(bytes.slice(rowExchange.from, rowExchange.to)).replace(/\0+$/, "");
  const seal = JSON.parse(proof.seal) as { rows?: number; rows_root?: string };
  const leaf = await sha256(Uint8Array.of(0), bytes);
  const root = await rootFrom(leaf, proof.row.index, proof.row.rows, proof.row.inclusion.map(fromBase64));
  const fingerprint = hex(await sha256(fromBase64(proof.salt), utf8.encode(proof.seal)));
  return id === exchange && root !== null && seal.rows === proof.row.rows && seal.rows_root === hex(root) && fingerprint === commitment;
}

/** `receipt` is the receipt's bytes as the server sent them. */
export async function verify(receipt: Bytes, proof: Proof, exchange: string): Promise<Verdict> {
  const entry = JSON.parse(proof.entry) as { kind?: string; subject?: string; commitment?: string };
  if (entry.kind === "usage_sealed") {
    if (!(await rowIsSealed(proof, entry.commitment, exchange))) return { holds: false, broken: "receipt" };
  } else {
    const commitment = hex(await sha256(fromBase64(proof.salt), receipt));
    if (entry.kind !== "exchange" || entry.subject !== exchange || entry.commitment !== commitment) return { holds: false, broken: "receipt" };
  }
  const leaf = await sha256(Uint8Array.of(0), utf8.encode(proof.entry));
  if (!same(leaf, fromBase64(proof.leaf_hash))) return { holds: false, broken: "entry" };
  const root = await rootFrom(leaf, proof.leaf_index, proof.tree_size, proof.inclusion.map(fromBase64));
  if (!root || !same(root, fromBase64(proof.root_hash))) return { holds: false, broken: "path" };
  const [origin = "", size = "", signedRoot = "", at = ""] = proof.checkpoint.split("\n");
  if (Number(size) !== proof.tree_size || !same(fromBase64(signedRoot), root)) return { holds: false, broken: "checkpoint" };
  const signed = await signedBy(proof.public_key, proof.checkpoint);
  if (signed === false) return { holds: false, broken: "signature" };
  return { holds: true, of: proof.row ? "row" : "receipt", entry: proof.leaf_index + 1, size: proof.tree_size, root: signedRoot, key: origin, at, signature: signed === null ? "unchecked" : "valid" };
}
