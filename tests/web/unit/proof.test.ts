import { describe, expect, it } from "vitest";
import { rootFrom, verify } from "@/receipt/proof";
import type { Proof } from "@/receipt/proof";

type Bytes = Uint8Array<ArrayBuffer>;
const utf8 = new TextEncoder();
const sha = async (...parts: Bytes[]): Promise<Bytes> => {
  const all = new Uint8Array(parts.flatMap((part) => [...part]));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
};
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const leafOf = (entry: string): Promise<Bytes> => sha(Uint8Array.of(0), utf8.encode(entry) as Bytes);

// RFC 9162, section 2.1.1 and 2.1.3.1, by their recursive definitions.
const halfOf = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));
async function treeHash(leaves: Bytes[]): Promise<Bytes> {
  if (leaves.length === 1) return leaves[0] as Bytes;
  const k = halfOf(leaves.length);
  return sha(Uint8Array.of(1), await treeHash(leaves.slice(0, k)), await treeHash(leaves.slice(k)));
}
async function pathTo(index: number, leaves: Bytes[]): Promise<Bytes[]> {
  if (leaves.length === 1) return [];
  const k = halfOf(leaves.length);
  return index < k
    ? [...(await pathTo(index, leaves.slice(0, k))), await treeHash(leaves.slice(k))]
    : [...(await pathTo(index - k, leaves.slice(k))), await treeHash(leaves.slice(0, k))];
}

async function proven(index: number, size: number): Promise<{ receipt: Bytes; proof: Proof }> {
  const receipt = utf8.encode('{"exchange":"ex_1","label":"interne"}') as Bytes;
  return { receipt, proof: await provenEntry(index, size, { kind: "exchange", subject: "ex_1" }, receipt) };
}

/** Of a call that passed as bytes: its row, the tree of rows, the entry that seals it. */
async function provenRow(index: number, rows: number): Promise<Proof> {
  const bytes = new Uint8Array(192).map((_, at) => at) as Bytes;
  bytes.fill(0, 32, 64);
  bytes.set(utf8.encode("ex_1"), 32);
  const leaf = await sha(Uint8Array.of(0), bytes);
  const leaves = await Promise.all(Array.from({ length: rows }, (_, at) => (at === index ? leaf : leafOf(`row ${at}`))));
  const seal = JSON.stringify({ segment: "2026-11-22.0", rows, rows_root: hex(await treeHash(leaves)) });
  const proof = await provenEntry(2, 5, { kind: "usage_sealed", subject: "2026-11-22.0:0-9" }, utf8.encode(seal) as Bytes);
  return { ...proof, seal, row: { bytes: base64(bytes), index, rows, inclusion: (await pathTo(index, leaves)).map(base64) } };
}

async function provenEntry(index: number, size: number, about: { kind: string; subject: string }, payload: Bytes): Promise<Proof> {
  const salt = new Uint8Array(32).fill(7);
  const commitment = hex(await sha(salt, payload));
  const entry = JSON.stringify({ v: 1, ...about, at: 1, actor: "per_1", commitment });
  const leaves = await Promise.all(Array.from({ length: size }, (_, at) => leafOf(at === index ? entry : `entry ${at}`)));
  const root = await treeHash(leaves);
  const keys = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const text = `log\n${size}\n${base64(root)}\n2026-11-22T08:00:00.000Z\n`;
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", keys.privateKey, utf8.encode(text)));
  return {
    entry, salt: base64(salt), leaf_index: index, leaf_hash: base64(leaves[index] as Bytes), tree_size: size, root_hash: base64(root),
    inclusion: (await pathTo(index, leaves)).map(base64),
    checkpoint: `${text}\n— log ${base64(Uint8Array.of(1, 2, 3, 4, ...signature))}\n`,
    public_key: `log+01020304+${base64(Uint8Array.of(1, ...raw))}`,
  };
}

describe("the proof that a receipt stands in the log", () => {
  it("holds for every leaf of trees of every shape", async () => {
    for (let size = 1; size <= 9; size += 1) {
      const leaves = await Promise.all(Array.from({ length: size }, (_, at) => leafOf(`entry ${at}`)));
      const root = hex(await treeHash(leaves));
      for (let index = 0; index < size; index += 1) {
        const path = await pathTo(index, leaves);
        expect(hex((await rootFrom(leaves[index] as Bytes, index, size, path)) as Bytes)).toBe(root);
        expect(await rootFrom(leaves[index] as Bytes, index, size, [...path, root as never])).not.toBe(root);
      }
    }
  });

  it("says what it found", async () => {
    const { receipt, proof } = await proven(3, 7);
    expect(await verify(receipt, proof, "ex_1")).toMatchObject({ holds: true, entry: 4, size: 7, key: "log", signature: "valid" });
  });

  it("holds for the row of a call that passed as bytes, and only for its own", async () => {
    const receipt = utf8.encode("{}") as Bytes;
    const proof = await provenRow(4, 6);
    expect(await verify(receipt, proof, "ex_1")).toMatchObject({ holds: true, of: "row", entry: 3 });
    const broken = { holds: false, broken: "receipt" };
    expect(await verify(receipt, proof, "ex_2")).toEqual(broken);
    expect(await verify(receipt, { ...proof, row: undefined }, "ex_1")).toEqual(broken);
    expect(await verify(receipt, { ...proof, seal: proof.seal?.replace(".0", ".1") }, "ex_1")).toEqual(broken);
    const other = { ...proof.row!, index: 3 };
    expect(await verify(receipt, { ...proof, row: other }, "ex_1")).toEqual(broken);
    const changed = { ...proof.row!, bytes: proof.row!.bytes.replace(/.$/, (last) => (last === "A" ? "B" : "A")) };
    expect(await verify(receipt, { ...proof, row: changed }, "ex_1")).toEqual(broken);
  });

  it("breaks where something was changed", async () => {
    const { receipt, proof } = await proven(3, 7);
    const broken = async (with_: Partial<Proof>, bytes = receipt, exchange = "ex_1") => {
      const verdict = await verify(bytes, { ...proof, ...with_ }, exchange);
      return verdict.holds ? "nothing" : verdict.broken;
    };
    expect(await broken({}, utf8.encode('{"exchange":"ex_1","label":"public"}') as Bytes)).toBe("receipt");
    expect(await broken({}, receipt, "ex_2")).toBe("receipt");
    expect(await broken({ entry: proof.entry.replace("per_1", "per_2") })).toBe("entry");
    expect(await broken({ leaf_index: 2 })).toBe("path");
    expect(await broken({ inclusion: proof.inclusion.slice(1) })).toBe("path");
    expect(await broken({ checkpoint: proof.checkpoint.replace("\n7\n", "\n8\n") })).toBe("checkpoint");
    expect(await broken({ checkpoint: proof.checkpoint.replace("2026", "2025") })).toBe("signature");
  });
});
