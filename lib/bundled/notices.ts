/**
 * Whose work the executable holds, and on what terms: the libraries as the
 * build found them when it joined them, and the runtime around them.
 *
 * @module
 */
import { unpack } from "./packed.ts";

/** A licence, or something else that has to be passed on with a work. */
export interface NoticeText {
  /** The file that it was in, or where else it is from. */
  readonly source: string;
  readonly text: string;
}

/** A library, or a part of the runtime, and its terms. */
export interface Notice {
  readonly name: string;
  /** Null where it is not known. */
  readonly version: string | null;
  /** An SPDX expression. */
  readonly licence: string;
  /** What is to be known beside it. */
  readonly note?: string;
  readonly texts: readonly NoticeText[];
}

/** What the build knows. */
export interface Notices {
  /** postern itself comes first, then what is bundled with it, by name. */
  readonly packages: readonly Notice[];
  /** The runtime and its principal parts. */
  readonly runtime: readonly Notice[];
}

/** What the build has put in; null for a program that runs from its source. */
export async function notices(): Promise<Notices | null> {
  const { packed } = await import("./packed_notices.ts");
  return packed === null ? null : unpack<Notices>(packed);
}
