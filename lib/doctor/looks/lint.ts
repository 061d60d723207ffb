/**
 * What is probably not meant in a rules text.
 *
 * @module
 */
import { escaped } from "../../base/foreign_text.ts";
import { readNamedFile } from "../../sys/named_file.ts";
import { lint as lintText } from "../../rules/lint.ts";
import { compiled } from "../compiled.ts";
import type { Finding } from "../finding.ts";
import type { Look } from "../look.ts";
import type { Rules } from "../patient.ts";
import { statOf } from "../words.ts";

export const lint: Look = {
  id: "rules",
  summary: "the rules' text: what is probably not meant (postern rules lint)",
  needs: ["rules"],
  async find({ rules }) {
    const found: Finding[] = [];
    for (const each of rules) found.push(...await ofText(each));
    return found;
  },
};

/** Anybody may relay: no matter of style. */
const grave = ["open-relay"];

async function ofText({ text, cdb, paranoid }: Rules): Promise<Finding[]> {
  if (text === null) return [];
  let bytes: Uint8Array;
  try {
    bytes = readNamedFile(text);
  } catch {
    return []; // the look at the database says so
  }
  const { expand } = await grammarOf(bytes, cdb);
  return lintText(bytes, expand, paranoid).map((
    { line, severity, kind, what, remedy },
  ) => ({
    severity: grave.includes(kind) ? "error" : severity,
    what: `${kind}: ${escaped(what)}`,
    where: line > 0 ? `${text}:${line}` : text,
    remedy,
  }));
}

/** The extended grammar, if the text or its database speaks it. */
async function grammarOf(text: Uint8Array, cdb: string) {
  const { ExtendedAddresses } = await import("../../rules/extended.ts");
  const { expand } = new ExtendedAddresses();
  const [first, second] = await compiled(text);
  if (first === undefined) return {};
  if (first.isExtended) return { expand };
  const size = statOf(cdb)?.size;
  return second && size === second.bytes.length && size !== first.bytes.length
    ? { expand }
    : {};
}
