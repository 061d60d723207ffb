/**
 * What postern rules can do: a row for each of its subcommands.
 *
 * @module
 */
import type { Action } from "../../lib/cli/actions.ts";
import { number } from "../../lib/cli/readers.ts";
import { readAs } from "../../lib/cli/values.ts";
import type { Making } from "./replace.ts";
import type { RulesOptions } from "./options.ts";

/** compile and make are called in the same ways. */
function makingOf(
  operands: readonly string[],
  { output }: RulesOptions,
): Making | null {
  const [one, other] = operands;
  if (output !== null) {
    return operands.length > 1
      ? null
      : { cdb: output, temporary: null, text: one ?? "-" };
  }
  return operands.length === 2
    ? { cdb: one, temporary: other, text: "-" }
    : null;
}

export const actions: readonly Action<RulesOptions>[] = [
  {
    name: "compile",
    synopsis: ["[--extended] CDB TMP < TEXT", "[--extended] -o CDB [TEXT]"],
    summary: "make a database of a rules text, as tcprules does: TMP, in the " +
      "same folder, is written and renamed",
    takes: ["extended", "output"],
    run(operands, options, calledAs) {
      const making = makingOf(operands, options);
      return making &&
        import("./compile.ts").then(({ compileInto }) =>
          compileInto(making, options, calledAs)
        );
    },
  },
  {
    name: "check",
    synopsis: ["CDB"],
    summary: "decide about the client that TCPREMOTEIP, TCPREMOTEHOST and " +
      "TCPREMOTEINFO describe, as tcprulescheck does",
    takes: [],
    run: ([cdb, ...more], _, calledAs) =>
      cdb === undefined || more.length > 0
        ? null
        : import("./database.ts").then(({ check }) => check(cdb, calledAs)),
  },
  {
    name: "explain",
    synopsis: [
      "[--extended] [--host HOST] [--info USER] [--format json] CDB|TEXT IP",
    ],
    summary: "tell which rule decides about an address, from which line, and " +
      "the keys it tried",
    takes: ["extended", "host", "info", "format"],
    run: ([path, ip, ...more], options) =>
      ip === undefined || more.length > 0
        ? null
        : import("./explain.ts").then(({ explainTo }) =>
          explainTo(path, ip, options)
        ),
  },
  {
    name: "lint",
    synopsis: ["[--extended] [-p] [--format json] TEXT"],
    summary:
      "find what is probably not meant, and exit 1 if there is something",
    takes: ["extended", "paranoid", "format"],
    run: ([text, ...more], options) =>
      text === undefined || more.length > 0
        ? null
        : import("./explain.ts").then(({ lintFile }) =>
          lintFile(text, options)
        ),
  },
  {
    name: "make",
    synopsis: ["CDB TMP < RECORDS", "-o CDB [RECORDS]"],
    summary: "make a database of records +klen,dlen:key->data, as cdbmake does",
    takes: ["output"],
    run(operands, options, calledAs) {
      const making = makingOf(operands, options);
      return making &&
        import("./make.ts").then(({ makeInto }) => makeInto(making, calledAs));
    },
  },
  {
    name: "dump",
    synopsis: ["CDB"],
    summary: "print a database in that form, as cdbdump does",
    takes: [],
    run: ([cdb, ...more], _, calledAs) =>
      cdb === undefined || more.length > 0
        ? null
        : import("./database.ts").then(({ dumpTo }) => dumpTo(cdb, calledAs)),
  },
  {
    name: "get",
    synopsis: ["CDB KEY [SKIP]"],
    summary: "print the data of the first record with a key, or of the one " +
      "after SKIP others, as cdbget does",
    takes: [],
    run([cdb, key, skip = "0", ...more], _, calledAs) {
      if (key === undefined || more.length > 0) return null;
      const count = readAs("SKIP", skip, number());
      return import("./database.ts").then(({ getFrom }) =>
        getFrom(cdb, key, count, calledAs)
      );
    },
  },
];
