/**
 * postern rules, tcprules and tcprulescheck: access rules from text to cdb,
 * and questions about them.
 *
 * @module
 */
import { fromBytes, toBytes } from "../lib/bytes.ts";
import { CdbReader } from "../lib/cdb/reader.ts";
import { ReplaceError, replaceFile } from "../lib/cdb/file.ts";
import { Fatal } from "../lib/fatal.ts";
import { ownEnvironment } from "../lib/gate/environment.ts";
import { reason } from "../lib/reason.ts";
import { compile } from "../lib/rules/compile.ts";
import { RuleError } from "../lib/rules/grammar.ts";
import { decide, type Peer, verdict } from "../lib/rules/lookup.ts";

const usage = `usage: postern rules compile CDB TMP < TEXT
       postern rules compile -o CDB [TEXT]
       postern rules check CDB
       postern rules explain CDB|TEXT IP [--host HOST] [--info USER] [--format json]
       postern rules dump CDB
       postern rules get CDB KEY

compile makes CDB of a rules text, as tcprules does: it writes TMP, in the
same folder, and renames it. With -o the temporary file's name is chosen, and
the text is read from a file.
check decides about the client that TCPREMOTEIP, TCPREMOTEHOST and
TCPREMOTEINFO describe, as tcprulescheck does.
explain tells which rule decides, from which line, and the keys it tried.
dump and get print all records, or the data of those with a key.
Exit codes: 0 done, 100 the text or the request is wrong, 111 try again later.`;

export async function run(args: string[], calledAs: string): Promise<number> {
  if (calledAs === "tcprules") {
    if (args.length < 2) {
      throw new Fatal(100, "tcprules: usage: tcprules rules.cdb rules.tmp");
    }
    return compileInto(calledAs, args[0], args[1], null);
  }
  if (calledAs === "tcprulescheck") {
    if (args.length < 1) {
      throw new Fatal(100, "tcprulescheck: usage: tcprulescheck rules.cdb");
    }
    return check(calledAs, args[0]);
  }
  const [action, ...rest] = args;
  switch (action) {
    case "compile":
      if (rest[0] === "-o" && rest.length >= 2 && rest.length <= 3) {
        const temporary = `${rest[1]}.${Deno.pid}.tmp`;
        return compileInto(calledAs, rest[1], temporary, rest[2] ?? null);
      }
      if (rest.length !== 2 || rest[0].startsWith("-")) break;
      return compileInto(calledAs, rest[0], rest[1], null);
    case "check":
      if (rest.length !== 1) break;
      return check(calledAs, rest[0]);
    case "explain":
      return await explainTo(calledAs, rest);
    case "dump": {
      if (rest.length !== 1) break;
      const { dump } = await import("../lib/cdb/text.ts");
      return withCdb(calledAs, rest[0], (cdb) => {
        print(dump(cdb));
        return 0;
      });
    }
    case "get": {
      if (rest.length !== 2) break;
      const key = new TextEncoder().encode(rest[1]);
      return withCdb(calledAs, rest[0], (cdb) => {
        const all = [...cdb.findAll(key)];
        print(all.flatMap((data) => [data, toBytes("\n")]));
        return all.length > 0 ? 0 : 100;
      });
    }
    case "--help":
      console.log(usage);
      return 0;
  }
  throw new Fatal(100, usage);
}

/** @param textPath null or "-" is stdin */
function compileInto(
  who: string,
  cdb: string,
  temporary: string,
  textPath: string | null,
): number {
  const fromStdin = textPath === null || textPath === "-";
  const name = fromStdin ? "stdin" : textPath;
  try {
    replaceFile(
      cdb,
      temporary,
      (output) => compile(blocks(who, textPath, name), output),
    );
    return 0;
  } catch (error) {
    throw fatal(who, error, cdb, temporary, name);
  }
}

function* blocks(who: string, path: string | null, name: string) {
  const block = new Uint8Array(1 << 18);
  const file = path === null || path === "-" ? Deno.stdin : Deno.openSync(path);
  for (;;) {
    let n;
    try {
      n = file.readSync(block);
    } catch (error) {
      throw unreadable(who, name, error);
    }
    if (n === null) break;
    yield block.subarray(0, n);
  }
}

/** Turns what went wrong into tcprules' words, and where in the text. */
function fatal(
  who: string,
  error: unknown,
  cdb: string,
  temporary: string,
  name: string,
): Fatal {
  if (error instanceof RuleError) {
    return new Fatal(
      100,
      `${who}: fatal: unable to parse this line: ${printable(error.text)}\n` +
        `${who}: ${name}: ${error.message}`,
      error,
    );
  }
  if (error instanceof ReplaceError) {
    const file = error.step === "move" ? `${temporary} to ${cdb}` : temporary;
    const why = reason(error.cause);
    return new Fatal(
      111,
      `${who}: fatal: unable to ${error.step} ${file}: ${why}`,
      error,
    );
  }
  return new Fatal(
    111,
    `${who}: fatal: unable to write to ${temporary}: ${reason(error)}`,
    error,
  );
}

function check(who: string, path: string): number {
  const env = ownEnvironment();
  const peer = {
    ip: env.get("TCPREMOTEIP") ?? "0.0.0.0",
    host: env.get("TCPREMOTEHOST") ?? null,
    info: env.get("TCPREMOTEINFO") ?? null,
  };
  return withCdb(who, path, (cdb) => {
    print([toBytes(verdict(decide(cdb, peer)))]);
    return 0;
  });
}

async function explainTo(who: string, args: string[]): Promise<number> {
  const { parseArgs } = await import("node:util");
  const { explain } = await import("../lib/rules/explain.ts");
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        host: { type: "string" },
        info: { type: "string" },
        format: { type: "string", default: "text" },
      },
    });
  } catch (error) {
    throw new Fatal(100, `${who}: ${(error as Error).message}\n${usage}`);
  }
  const { positionals: [path, ip], values } = parsed;
  if (parsed.positionals.length !== 2) throw new Fatal(100, usage);
  const bytesOf = (text: string) => fromBytes(new TextEncoder().encode(text));
  const orNull = (text?: string) => text === undefined ? null : bytesOf(text);
  const peer: Peer = {
    ip: bytesOf(ip),
    host: orNull(values.host),
    info: orNull(values.info),
  };
  try {
    const explanation = explain(readFile(who, path, path), peer);
    if (values.format === "json") {
      console.log(JSON.stringify(explanation, null, 2));
      return 0;
    }
    const { decision, tried, source } = explanation;
    const quoted = tried.map((key) => `"${printable(key)}"`);
    console.log(`decision  ${decision.type}`);
    console.log(
      decision.rule === null
        ? "rule      none: without a rule everybody is allowed"
        : `rule      "${printable(decision.rule)}"`,
    );
    if (source) {
      console.log(
        `line      ${path}:${source.line}: ${printable(source.text)}`,
      );
    }
    for (const [name, value] of decision.type === "allow" ? decision.env : []) {
      console.log(`sets      ${printable(name)}=${printable(value)}`);
    }
    console.log(`tried     ${quoted.join(", ")}`);
    return 0;
  } catch (error) {
    if (error instanceof Fatal) throw error;
    if (error instanceof RuleError) {
      throw new Fatal(100, `${who}: ${path}: ${error.message}`, error);
    }
    throw unreadable(who, path, error);
  }
}

function withCdb(
  who: string,
  path: string,
  act: (cdb: CdbReader) => number,
): number {
  const bytes = readFile(who, path, path);
  try {
    return act(new CdbReader(bytes));
  } catch (error) {
    throw unreadable(who, path, error);
  }
}

function readFile(who: string, path: string, name: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw unreadable(who, name, error);
  }
}

const unreadable = (who: string, name: string, error: unknown) =>
  new Fatal(
    111,
    `${who}: fatal: unable to read ${name}: ${reason(error)}`,
    error,
  );

function print(pieces: Iterable<Uint8Array>): void {
  for (let piece of pieces) {
    while (piece.length > 0) {
      piece = piece.subarray(Deno.stdout.writeSync(piece));
    }
  }
}

/** A byte string for a terminal. */
const printable = (text: string) =>
  text.replace(
    /[^\x20-\x7e]/g,
    (byte) => "\\x" + byte.charCodeAt(0).toString(16).padStart(2, "0"),
  );
