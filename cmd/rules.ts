/**
 * postern rules, tcprules and tcprulescheck: access rules from text to cdb,
 * and questions about them.
 *
 * @module
 */
import { fromBytes, toBytes } from "../lib/base/bytes.ts";
import { ReplaceError, replaceFile } from "../lib/cdb/file.ts";
import { CdbError, type CdbReader } from "../lib/cdb/reader.ts";
import type { CdbOutput } from "../lib/cdb/writer.ts";
import { Fatal } from "../lib/base/fatal.ts";
import { Progress } from "../lib/cli/progress.ts";
import { reason } from "../lib/base/reason.ts";
import type { CompileOptions } from "../lib/rules/compile.ts";
import { RuleError } from "../lib/rules/grammar.ts";
import type { Peer } from "../lib/rules/lookup.ts";

const usage = `usage: postern rules compile [--extended] CDB TMP < TEXT
       postern rules compile [--extended] -o CDB [TEXT]
       postern rules check CDB
       postern rules explain [--extended] [--host HOST] [--info USER]
                             [--format json] CDB|TEXT IP
       postern rules lint [--extended] [--format json] TEXT
       postern rules make CDB TMP < RECORDS
       postern rules make -o CDB [RECORDS]
       postern rules dump CDB
       postern rules get CDB KEY [SKIP]

compile makes CDB of a rules text, as tcprules does: it writes TMP, in the
same folder, and renames it. With -o the temporary file's name is chosen, and
the text is read from a file, or from stdin if that is "-" or missing.
check decides about the client that TCPREMOTEIP, TCPREMOTEHOST and
TCPREMOTEINFO describe, as tcprulescheck does.
explain tells which rule decides, from which line, and the keys it tried.
lint finds what is probably not meant, and exits 1 if there is something.
make, dump and get are cdbmake, cdbdump and cdbget: records as
+klen,dlen:key->data, and the data of the first record with a key, or of the
one after SKIP others.

  --extended     the text may have CIDR ranges, IPv6 addresses and prefixes,
                 and comments behind a rule
  --format WORD  text (default) or json
  --host HOST    the client's name, as TCPREMOTEHOST would have it
  --info USER    its ident answer, as TCPREMOTEINFO would have it

Exit codes: 0 done, 1 findings, 100 the text or the request is wrong, or
nothing has the key, 111 try again later. Manual: postern-rules(1).`;

/** More than a second of compiling is some megabytes; see Progress. */
const blockBytes = 1 << 18;

interface Options {
  readonly extended?: boolean;
  readonly format?: string;
  readonly host?: string;
  readonly info?: string;
  readonly output?: string;
}

type Action = (
  who: string,
  operands: string[],
  options: Options,
) => Promise<number>;

const actions: Record<string, Action> = {
  compile: (who, operands, options) => {
    const [cdb, temporary, text] = destination(operands, options);
    return compileInto(who, cdb, temporary, text, options);
  },
  make: (who, operands, options) => {
    const [cdb, temporary, text] = destination(operands, options);
    return makeInto(who, cdb, temporary, text);
  },
  check: (who, operands) => check(who, ...exactly(operands, 1)),
  explain: (who, operands, options) =>
    explainTo(who, ...exactly(operands, 2), options),
  lint: (who, operands, options) =>
    lintFile(who, ...exactly(operands, 1), options),
  dump: (who, operands) => dumpTo(who, ...exactly(operands, 1)),
  get: (who, operands) =>
    operands.length === 2
      ? getFrom(who, ...exactly(operands, 2), "0")
      : getFrom(who, ...exactly(operands, 3)),
};

export async function run(args: string[], calledAs: string): Promise<number> {
  if (calledAs === "tcprules") {
    if (args.length < 2) {
      throw new Fatal(100, "tcprules: usage: tcprules rules.cdb rules.tmp");
    }
    return await compileInto(calledAs, args[0], args[1], "-", {});
  }
  if (calledAs === "tcprulescheck") {
    if (args.length < 1) {
      throw new Fatal(100, "tcprulescheck: usage: tcprulescheck rules.cdb");
    }
    return await check(calledAs, args[0]);
  }
  const [name, ...rest] = args;
  if (rest.includes("--help") || name === "--help" || name === "-h") {
    console.log(usage);
    return 0;
  }
  if (name === undefined || !Object.hasOwn(actions, name)) {
    throw new Fatal(100, usage);
  }
  const { operands, options } = await parse(calledAs, rest);
  return await actions[name](calledAs, operands, options);
}

async function parse(who: string, args: string[]) {
  const { parseArgs } = await import("node:util");
  try {
    const { positionals: operands, values: options } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        extended: { type: "boolean" },
        format: { type: "string" },
        host: { type: "string" },
        info: { type: "string" },
        output: { type: "string", short: "o" },
      },
    });
    if (!["text", "json", undefined].includes(options.format)) {
      throw new Error(`no format ${JSON.stringify(options.format)}`);
    }
    return { operands, options };
  } catch (error) {
    throw new Fatal(100, `${who}: ${(error as Error).message}\n${usage}`);
  }
}

/** Fills in a fixed number of operands, or fails with the usage. */
function exactly(operands: string[], count: 1): [string];
function exactly(operands: string[], count: 2): [string, string];
function exactly(operands: string[], count: 3): [string, string, string];
function exactly(operands: string[], count: number): string[] {
  if (operands.length !== count) throw new Fatal(100, usage);
  return operands;
}

/** The database, the temporary file (null: any), and where the text is from. */
function destination(
  operands: string[],
  { output }: Options,
): [cdb: string, temporary: string | null, text: string] {
  if (output === undefined) return [...exactly(operands, 2), "-"];
  if (operands.length > 1) throw new Fatal(100, usage);
  return [output, null, operands[0] ?? "-"];
}

/** @param text a path; "-" is stdin */
async function compileInto(
  who: string,
  cdb: string,
  temporary: string | null,
  text: string,
  options: Options,
): Promise<number> {
  const { compile } = await import("../lib/rules/compile.ts");
  const name = text === "-" ? "stdin" : text;
  const classic = who === "tcprules";
  const compileOptions = {
    ...await extendedIf(options),
    // tcprules says nothing, and its output may be mailed by cron.
    onSkipped: classic
      ? undefined
      : (line: number) =>
        console.error(`${who}: ${name}: line ${line}: no colon, so no rule`),
  };
  const source = await Source.open(who, text);
  try {
    replace(
      who,
      cdb,
      temporary,
      (output) => compile(source.blocks(), output, compileOptions),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw new Fatal(
      100,
      `${who}: fatal: unable to parse this line: ${printable(error.text)}\n` +
        `${who}: ${name}: ${error.message}`,
      error,
    );
  } finally {
    source.end();
  }
}

async function makeInto(
  who: string,
  cdb: string,
  temporary: string | null,
  text: string,
): Promise<number> {
  const { CdbTextError, make } = await import("../lib/cdb/text.ts");
  const { CdbWriter } = await import("../lib/cdb/writer.ts");
  const source = await Source.open(who, text);
  try {
    replace(who, cdb, temporary, (output) => {
      const writer = new CdbWriter(output);
      make(source.blocks(), writer);
      writer.finish();
    });
    return 0;
  } catch (error) {
    if (!(error instanceof CdbTextError)) throw error;
    throw new Fatal(100, `${who}: fatal: ${source.name}: ${error.message}`);
  } finally {
    source.end();
  }
}

async function extendedIf(options: Options): Promise<CompileOptions> {
  if (!options.extended) return {};
  const { ExtendedAddresses } = await import("../lib/rules/extended.ts");
  return { extended: new ExtendedAddresses() };
}

/** {@linkcode replaceFile}, with what goes wrong in tcprules' words. */
function replace(
  who: string,
  cdb: string,
  temporary: string | null,
  fill: (output: CdbOutput) => void,
): void {
  try {
    replaceFile(cdb, temporary, fill);
  } catch (error) {
    if (error instanceof ReplaceError) {
      const file = error.step === "move"
        ? `${error.temporary} to ${cdb}`
        : error.temporary;
      const why = reason(error.cause);
      throw new Fatal(
        111,
        `${who}: fatal: unable to ${error.step} ${file}: ${why}`,
        error,
      );
    }
    if ((error as Error).name !== "CdbError") throw error;
    throw new Fatal(
      100,
      `${who}: fatal: unable to write to ${temporary ?? cdb}: ${reason(error)}`,
      error,
    );
  }
}

/** A text to be read block by block, with a bar for who waits. */
class Source {
  readonly name: string;
  readonly #file: typeof Deno.stdin | Deno.FsFile;
  readonly #progress: Progress;

  /** @param path "-" is stdin */
  static async open(who: string, path: string): Promise<Source> {
    if (path === "-") await refuseClosedStdin(who);
    return new Source(who, path);
  }

  private constructor(readonly who: string, path: string) {
    this.name = path === "-" ? "stdin" : path;
    try {
      this.#file = path === "-" ? Deno.stdin : Deno.openSync(path);
    } catch (error) {
      throw this.#unreadable(error);
    }
    this.#progress = new Progress(
      who,
      sizeOf(path === "-" ? stdinPath : path),
      Deno.stderr.isTerminal()
        ? (text) => Deno.stderr.writeSync(toBytes(text))
        : null,
    );
  }

  *blocks(): Generator<Uint8Array> {
    const block = new Uint8Array(blockBytes);
    for (;;) {
      let length: number | null;
      try {
        length = this.#file.readSync(block);
      } catch (error) {
        throw this.#unreadable(error);
      }
      if (length === null) return;
      yield block.subarray(0, length);
      this.#progress.advance(length);
    }
  }

  end(): void {
    this.#progress.end();
    if (this.#file !== Deno.stdin) this.#file.close();
  }

  #unreadable(error: unknown): Fatal {
    // tcprules has no other text, and calls it so.
    const name = this.who === "tcprules" ? "input" : this.name;
    return unreadable(this.who, name, error);
  }
}

const stdinPath = "/dev/stdin";

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null; // there is no /proc; opening a file tells what is wrong
  }
}

function sizeOf(path: string): number | null {
  const info = statOf(path);
  return info?.isFile ? info.size : null;
}

/** A closed stdin is no empty text, which would allow everybody. */
async function refuseClosedStdin(who: string): Promise<void> {
  const info = statOf(stdinPath);
  if (info && !info.isCharDevice) return; // libc takes milliseconds to ask
  const { checkStdin } = await import("../lib/sys/descriptors.ts");
  try {
    checkStdin();
  } catch (error) {
    throw unreadable(who, who === "tcprules" ? "input" : "stdin", error);
  }
}

async function check(who: string, path: string): Promise<number> {
  const { ownEnvironment } = await import("../lib/ucspi/environment.ts");
  const { decide, verdict } = await import("../lib/rules/lookup.ts");
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

async function explainTo(
  who: string,
  path: string,
  ip: string,
  options: Options,
): Promise<number> {
  const { explain } = await import("../lib/rules/explain.ts");
  const { canonicalAddress, isIPv4, isIPv6 } = await import(
    "../lib/base/ip.ts"
  );
  if (!isIPv4(ip) && !isIPv6(ip)) {
    throw new Fatal(100, `${who}: ${JSON.stringify(ip)} is no IP address`);
  }
  const orNull = (text?: string) =>
    text === undefined ? null : fromBytes(new TextEncoder().encode(text));
  const peer: Peer = {
    ip: canonicalAddress(ip),
    host: orNull(options.host),
    info: orNull(options.info),
  };
  const rules = await readText(who, path);
  let explanation;
  try {
    explanation = explain(rules, peer, await extendedIf(options));
  } catch (error) {
    if (error instanceof RuleError) {
      throw new Fatal(100, `${who}: ${path}: ${error.message}`, error);
    }
    throw unreadable(who, path, error);
  }
  if (options.format === "json") {
    const { explanationJson } = await import("../lib/rules/json.ts");
    console.log(explanationJson(explanation));
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
    console.log(`line      ${path}:${source.line}: ${printable(source.text)}`);
  }
  for (const [name, value] of decision.type === "allow" ? decision.env : []) {
    console.log(`sets      ${printable(name)}=${printable(value)}`);
  }
  console.log(`tried     ${quoted.join(", ")}`);
  return 0;
}

async function lintFile(
  who: string,
  path: string,
  options: Options,
): Promise<number> {
  const { lint } = await import("../lib/rules/lint.ts");
  const { extended } = await extendedIf(options);
  const name = path === "-" ? "stdin" : path;
  const findings = lint(await readText(who, path), extended?.expand);
  if (options.format === "json") {
    const { findingsJson } = await import("../lib/rules/json.ts");
    console.log(findingsJson(name, findings));
  } else {
    for (const { line, kind, what, remedy } of findings) {
      const where = line ? `${name}:${line}` : name;
      console.log(`${where}: ${kind}: ${printable(what)}; ${remedy}`);
    }
  }
  return findings.length > 0 ? 1 : 0;
}

async function dumpTo(who: string, path: string): Promise<number> {
  const { dump } = await import("../lib/cdb/text.ts");
  return withCdb(who, path, (cdb) => {
    print(dump(cdb));
    return 0;
  });
}

function getFrom(
  who: string,
  path: string,
  key: string,
  skip: string,
): Promise<number> {
  if (!/^\d+$/.test(skip)) throw new Fatal(100, usage);
  return withCdb(who, path, (cdb) => {
    let before = Number(skip);
    for (const data of cdb.findAll(new TextEncoder().encode(key))) {
      if (before-- > 0) continue;
      print([data]);
      return 0;
    }
    return 100;
  });
}

async function withCdb(
  who: string,
  path: string,
  act: (cdb: CdbReader) => number,
): Promise<number> {
  const { verifiedCdb } = await import("../lib/cdb/verify.ts");
  const bytes = readFile(who, path);
  try {
    return act(verifiedCdb(bytes));
  } catch (error) {
    throw unreadable(who, path, error);
  }
}

function readFile(who: string, path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw unreadable(who, path, error);
  }
}

/** @param path "-" is stdin */
async function readText(who: string, path: string): Promise<Uint8Array> {
  if (path !== "-") return readFile(who, path);
  await refuseClosedStdin(who);
  return readFile(who, stdinPath);
}

function unreadable(who: string, name: string, error: unknown): Fatal {
  // tcprulescheck has a word for whatever is wrong with a database.
  const why = who === "tcprulescheck" && error instanceof CdbError
    ? error.classic
    : reason(error);
  return new Fatal(111, `${who}: fatal: unable to read ${name}: ${why}`, error);
}

/** Writes pieces to stdout, small ones together. */
function print(pieces: Iterable<Uint8Array>): void {
  const buffer = new Uint8Array(65536);
  let buffered = 0;
  const write = (bytes: Uint8Array) => {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(Deno.stdout.writeSync(rest));
    }
  };
  for (const piece of pieces) {
    if (piece.length > buffer.length - buffered) {
      write(buffer.subarray(0, buffered));
      buffered = 0;
    }
    if (piece.length > buffer.length) write(piece);
    else {
      buffer.set(piece, buffered);
      buffered += piece.length;
    }
  }
  write(buffer.subarray(0, buffered));
}

/** A byte string for a terminal. */
const printable = (text: string) =>
  text.replace(
    /[^\x20-\x7e]/g,
    (byte) => "\\x" + byte.charCodeAt(0).toString(16).padStart(2, "0"),
  );
