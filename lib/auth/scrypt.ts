/**
 * The work that a password check is (scrypt, RFC 7914), in a helper or in a
 * process that has one client.
 *
 * @module
 */
// Its other algorithms would be ten times as much to read at each start.
// @ts-types="npm:hash-wasm@4.12.0"
import hashWasm from "hash-wasm/dist/scrypt.umd.min.js";
import { fromBytes, toBytes } from "../base/bytes.ts";
import type { Answerer, Question } from "../helper/question.ts";

export interface Cost {
  /** log2 of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** A key to be derived from a password. */
export interface Work {
  readonly cost: Cost;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly keyBytes: number;
}

/** What one check may cost, 128 N r: whoever writes the file may be wrong. */
export const memoryLimitBytes = 256 << 20;
/** For the turn to come, and the work. */
const checkSeconds = 60;

/** As JSON has it: byte strings. */
interface Written {
  readonly password: string;
  readonly works: readonly (Omit<Work, "salt"> & { readonly salt: string })[];
}

/**
 * Asks for a key by each work. The right keys stay with us: whoever answers
 * cannot let anybody in.
 */
export function keysQuestion(
  client: string,
  password: string,
  works: readonly Work[],
): Question<Uint8Array<ArrayBuffer>[]> {
  const written: Written = {
    password,
    works: works.map((work) => ({ ...work, salt: fromBytes(work.salt) })),
  };
  return {
    client,
    bytes: toBytes(JSON.stringify(written)),
    seconds: checkSeconds,
    attempt: () => () => Promise.reject(new Error("there is nothing to call")),
    read(bytes) {
      const keys: Uint8Array<ArrayBuffer>[] = [];
      let at = 0;
      for (const { keyBytes } of works) {
        keys.push(bytes.slice(at, at += keyBytes));
      }
      if (at !== bytes.length) throw new RangeError("keys of another length");
      return keys;
    },
  };
}

/** The keys, one after the other. */
export const answer: Answerer = async (question) => {
  const { password, works } = JSON.parse(fromBytes(question)) as Written;
  let keys = "";
  // One at a time: each has its memory.
  for (const { salt, ...work } of works) {
    keys += fromBytes(await derive(password, { ...work, salt: toBytes(salt) }));
  }
  return toBytes(keys);
};

/**
 * By WebAssembly with SIMD, which is as fast as OpenSSL's; the runtime's own,
 * in versions before 2.9, takes two and a half times as long.
 *
 * @param password a byte string
 */
async function derive(
  password: string,
  { cost: { ln, r, p }, salt, keyBytes }: Work,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await hashWasm.scrypt({
      password: toBytes(password),
      salt,
      costFactor: 2 ** ln,
      blockSize: r,
      parallelism: p,
      hashLength: keyBytes,
      outputType: "binary",
    }),
  );
}
