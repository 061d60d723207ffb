/**
 * rblsmtpd: --dnsbl of smtpd where that says the same, else itself.
 *
 * @module
 */
import { rulesSet } from "./rules_variables.ts";
import type { Chain } from "./chain.ts";
import { getopt } from "./getopt.ts";
import type { Call } from "./programs.ts";
import { isKnown } from "./serving_programs.ts";
import {
  baseName,
  isOpen,
  literal,
  textWord,
  valueOf,
  type Word,
  written,
} from "./word.ts";

export function rblsmtpd(
  { words, args, line }: Call,
  chain: Chain,
): readonly Word[] {
  // What nobody knows may be options: it goes on behind them, at what is known.
  const open = args.findIndex(isOpen);
  const next = open < 0
    ? -1
    : args.findIndex((word, i) => i > open && isKnown(baseName(word)));
  const known = next < 0 ? args : args.slice(0, open);
  const { options, ...found } = getopt("rblsmtpd", known, "bBcCt:r:a:R");
  const operands = next < 0 ? found.operands : args.slice(next);
  const zones: Word[] = [];
  let bounces: boolean | null = null, now = false;
  const why: string[] = [];
  for (const { letter, value } of options) {
    if (letter === "b" || letter === "B") now = letter === "b";
    if (letter === "c") why.push("-c fails closed, --dnsbl open");
    if (letter === "a") why.push("-a lets in who is on a list, --dnsbl cannot");
    if (letter !== "r") continue;
    zones.push(value!);
    const zone = literal(value!);
    if (zone === null) why.push(`${written(value!)} is not known here`);
    else if (zone.includes(":")) why.push(`${zone} has a text of its own`);
    else if (!/^[\w-]{1,63}(\.[\w-]{1,63})*\.?$/.test(zone)) {
      why.push(`${zone} is no name for --dnsbl`);
    }
    if (bounces !== null && bounces !== now) why.push("-b and -B are mixed");
    bounces = now;
  }
  if (next >= 0) {
    why.push(`${written(args[open])} is known only when the script runs`);
  } else if (zones.length === 0) {
    why.push(
      "without -r only $RBLSMTPD counts (rbl.maps.vix.com, once the default, " +
        "is gone)",
    );
  }
  if (chain.smtpd?.some(({ long }) => long === "dnsbl")) {
    why.push("another one is --dnsbl already");
  }
  if (chain.valueOf("RBLSMTPD")) why.push("$RBLSMTPD is set");
  const ruled = rulesSay(chain);
  if (ruled === true) why.push("rules set RBLSMTPD");
  const own = args.slice(0, args.length - operands.length);
  if (why.length > 0) {
    const kept = own.filter((word) => literal(word) !== "-R");
    chain.wrappers.push({
      words: [textWord("rblsmtpd", words[0].line), ...kept],
      isOurs: true,
    });
    chain.remark(
      line,
      `rblsmtpd: stays, as postern's own, within the gate (${why.join("; ")})`,
    );
    return operands;
  }
  const list = zones.map((zone) => valueOf(zone)!.replace(/\.$/, ""));
  chain.smtpd = [
    ...chain.smtpd ?? [],
    { long: "dnsbl", value: textWord(list.join(","), line), line },
    ...(bounces ? [{ long: "dnsbl-reject", value: null, line }] : []),
  ];
  chain.remark(
    line,
    "rblsmtpd: --dnsbl asks for A records, at the first recipient, and not " +
      `about clients that may relay; ${
        bounces ? "550 5.7.1, where -b said 553" : "451 4.7.1"
      }`,
  );
  if (ruled === null) {
    chain.remark(
      line,
      "if the rules set RBLSMTPD, which cannot be read here, write `rblsmtpd " +
        `${own.map(written).join(" ")} smtpd\` in place of --dnsbl, which ` +
        "does not know it",
    );
  }
  return operands;
}

/** Whether rules set RBLSMTPD; null where that cannot be read. */
function rulesSay(chain: Chain): boolean | null {
  const rules = chain.said("rules");
  if (rules === undefined) return false;
  const path = rules.value && valueOf(rules.value);
  const bytes = path ? chain.machine.bytes(path) : null;
  return bytes === null ? null : rulesSet(bytes, "RBLSMTPD");
}
