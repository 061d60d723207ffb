/**
 * The rules that decide: whether they are what the text says.
 *
 * @module
 */
import { fromBytes } from "../../base/bytes.ts";
import { codeOf, reason } from "../../base/reason.ts";
import type { CdbReader } from "../../cdb/reader.ts";
import { verifiedCdb } from "../../cdb/verify.ts";
import { readNamedFile, whyUnreadable } from "../../sys/named_file.ts";
import { accessOf, remedyFor } from "../access.ts";
import { userName } from "../accounts.ts";
import { compiled } from "../compiled.ts";
import { error, type Finding, note, unseen, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { Ids, Looker, Rules } from "../patient.ts";
import { absolute, quoted, statOf } from "../words.ts";

export const cdb: Look = {
  id: "cdb",
  summary: "the rules' database: readable, whole, and what its text says",
  needs: ["rules"],
  async find({ rules, server }, looker) {
    const found: Finding[] = [];
    for (const each of rules) {
      found.push(...await ofRules(each, server, looker));
    }
    return found;
  },
};

async function ofRules(
  rules: Rules,
  server: Ids | null,
  { uid }: Looker,
): Promise<Finding[]> {
  const { text, cdb, isUsed, mayBeMissing } = rules;
  const making = text === null
    ? `postern rules compile -o ${quoted(cdb)} TEXT`
    : `postern rules compile -o ${quoted(cdb)} ${quoted(text)}`;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = readNamedFile(cdb);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") {
      if (!isUsed) {
        return [note(`nobody has made a database of ${text}`, making, text)];
      }
      return mayBeMissing
        ? [note("there are no rules: everybody is let in (-X)", making, cdb)]
        : [error("there are no rules, so nobody is let in", making, cdb)];
    }
    if (uid !== 0 && ["EACCES", "EPERM"].includes(codeOf(cause) ?? "")) {
      return [
        ...ofReader(cdb, server),
        unseen(
          `unable to read the rules: ${reason(cause)}`,
          "look as root",
          cdb,
        ),
      ];
    }
    return [
      error(`unable to read the rules: ${whyUnreadable(cause)}`, making, cdb),
    ];
  }
  let database: CdbReader;
  try {
    database = verifiedCdb(bytes);
  } catch (cause) {
    return [error(
      `the rules cannot be used, so nobody is let in: ${reason(cause)}`,
      making,
      cdb,
    )];
  }
  return [
    ...isUsed ? ofReader(cdb, server) : [],
    ...ofTemporary(cdb),
    ...text === null
      ? [unseen(
        "nobody knows which text the rules are made of",
        `keep it beside them, as ${cdb.replace(/\.cdb$/, "")}`,
        cdb,
      )]
      : await ofText(text, bytes, database, rules, making),
  ];
}

/** Whoever serves opens it, at each change. */
function ofReader(cdb: string, server: Ids | null): Finding[] {
  if (server === null) return [];
  const access = accessOf(absolute(cdb), server, "read");
  if (access.type !== "denied") return [];
  return [error(
    `${userName(server.uid)} may not read the rules (${access.path}), so ` +
      "nobody is let in",
    remedyFor(access, server),
    cdb,
  )];
}

/** Minutes that compiling never takes. */
const staleMs = 3_600_000;

/** What a compilation that was cut off has left. */
function ofTemporary(cdb: string): Finding[] {
  const path = cdb.replace(/\.cdb$/, ".tmp");
  const { mtime } = path === cdb ? { mtime: null } : statOf(path) ?? {};
  if (!mtime || Date.now() - mtime.getTime() < staleMs) return [];
  return [note(
    "a compilation has left its temporary file",
    `rm ${quoted(path)}`,
    path,
  )];
}

async function ofText(
  text: string,
  bytes: Uint8Array,
  database: CdbReader,
  { cdb }: Rules,
  making: string,
): Promise<Finding[]> {
  const [source, made] = [statOf(text), statOf(cdb)];
  let written: Uint8Array;
  try {
    written = readNamedFile(text);
  } catch (cause) {
    return [unseen(
      `unable to read the text: ${whyUnreadable(cause)}`,
      "look as root",
      text,
    )];
  }
  const all = await compiled(written);
  if (all.length === 0) return []; // lint tells what is wrong with it
  const isSame = all.some((each) =>
    isEqual(each.bytes, bytes) || recordsOf(verifiedCdb(each.bytes)) ===
      recordsOf(database)
  );
  const isNewer =
    (source?.mtime?.getTime() ?? 0) > (made?.mtime?.getTime() ?? 0);
  const [{ isExtended }] = all;
  const command = isExtended
    ? making.replace("compile", "compile --extended")
    : making;
  if (isSame) return [];
  return isNewer
    ? [error(
      `${text} was changed after ${cdb} was made of it, and the change ` +
        "does not count yet",
      command,
      cdb,
    )]
    : [warning(
      `it is not what ${text} would make: it was made of something else`,
      `look which is right (postern rules dump ${
        quoted(cdb)
      }), then ${command}`,
      cdb,
    )];
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, at) => byte === other[at]);
}

/** In one order, and so that no two lists look alike. */
const recordsOf = (database: CdbReader): string =>
  [...database.entries()].map(([key, data]) =>
    JSON.stringify([fromBytes(key), fromBytes(data)])
  ).join("\n");
