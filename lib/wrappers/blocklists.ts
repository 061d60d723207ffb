/**
 * rblsmtpd's decision about a client: by what it is told in RBLSMTPD, or by
 * DNS lists in the order in which they are named.
 *
 * @module
 */
import { reverseName } from "../net/names.ts";
import type { Resolver } from "../net/resolver.ts";

/** A list, and how it counts: what is said before it says that. */
export interface BlockList {
  /** `block` has who is to be blocked, `allow` who is not. */
  readonly kind: "block" | "allow";
  readonly zone: string;
  /**
   * What a client is told that has an A record there, `%IP%` in it being its
   * address; null: what the list's TXT record says.
   */
  readonly text: string | null;
  /** Refused for good, not for now. */
  readonly bounces: boolean;
  /** A list that cannot be asked blocks. */
  readonly failsClosed: boolean;
}

/** What becomes of a client; the reply is a line of SMTP, a byte string. */
export type Judgement =
  | { readonly type: "accept" }
  | { readonly type: "block"; readonly reply: string };

/** How long a list may take to answer, with all attempts. */
export const lookupSeconds = 60;

/** As much of a reason as a client is told. */
const reasonBytes = 200;

const accept: Judgement = { type: "accept" };

/** @param told the value of RBLSMTPD, a byte string */
export async function judge(
  lists: readonly BlockList[],
  ip: string,
  told: string | undefined,
  resolver: Resolver,
): Promise<Judgement> {
  if (told === "") return accept;
  if (told?.startsWith("-")) return block(553, told.slice(1));
  if (told !== undefined) return block(451, told);
  // What was undecided once may not be refused for good.
  let isUnsure = false;
  for (const { kind, zone, text, bounces, failsClosed } of lists) {
    const type = kind === "allow" || text !== null ? "A" : "TXT";
    const found = await resolver(`${reversed(ip)}${zone}`, type);
    if (found.type === "failed") {
      isUnsure = true;
      if (kind === "allow" && !failsClosed) return accept;
      if (kind === "block" && failsClosed) {
        return block(451, "temporary RBL lookup error");
      }
    }
    if (found.type !== "found") continue;
    if (kind === "allow") return accept;
    const reason = text?.replaceAll("%IP%", () => ip) ?? found.records.join("");
    if (reason === "") continue;
    return block(bounces && !isUnsure ? 553 : 451, reason);
  }
  return accept;
}

const block = (code: 451 | 553, reason: string): Judgement => ({
  type: "block",
  reply: `${code} ${reason.slice(0, reasonBytes)}`
    .replace(/[^\x20-\x7e]/g, "?"),
});

/** An address as it stands before a zone; "" for none. */
function reversed(ip: string): string {
  if (ip === "") return "";
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1] ?? ip;
  if (v4.includes(":")) {
    return reverseName(v4.toLowerCase()).replace(/ip6\.arpa$/, "");
  }
  return `${v4.split(".").reverse().join(".")}.`;
}
