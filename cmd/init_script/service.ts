/**
 * What there is to know of a service, gathered from serve's command line or
 * from the file that it names.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { absolutePath, parentOf } from "../../lib/base/path.ts";
import { type Reach, reachOf } from "../../lib/base/reach.ts";
import { spellingsIn } from "../../lib/cli/command_line.ts";
import {
  type Given,
  scan,
  type Scanned,
  UsageError,
} from "../../lib/cli/scan.ts";
import type { MailLogPlace } from "../../lib/log/mail_log.ts";
import { inBlock } from "../../lib/process/fatal.ts";
import type { ServeOptions } from "../../lib/process/options.ts";
import { reachOfBlocks } from "../../lib/process/reaches.ts";
import { scriptPath, type Service } from "../../lib/service/service.ts";
import { findProgram } from "../../lib/ucspi/program.ts";
import { chainOf } from "../serve/chain.ts";
import { configOf } from "../serve/requests.ts";
import { serviceOf as servedBy } from "../serve/service.ts";
import {
  commandFrom,
  missingIn,
  optionsFrom,
  syntax as serveSyntax,
  table,
} from "../serve_options.ts";
import {
  absoluteOptions,
  absoluteProgram,
  refuseRelativeIn,
} from "./relative.ts";
import { usesOf } from "./uses.ts";

/** After serve's own grace a little more. */
const stopMarginSeconds = 5;

const bootEnvironment = new Map([["PATH", scriptPath]]);

/** What this command's own options say. */
export type Named = Pick<
  Service,
  | "name"
  | "description"
  | "executable"
  | "runFolder"
  | "logTag"
  | "logFacility"
>;

interface Block {
  readonly given: readonly Given[];
  readonly host: string;
  readonly port: string;
  readonly program: readonly string[];
  /** The file and the block; null on a command line. */
  readonly where: string | null;
}

const isServes = ({ long }: Given) =>
  spellingsIn(serveSyntax).some((each) => each.long === long);

/** Those of the command's own options. */
export const ownIn = ({ given }: Scanned): Given[] =>
  given.filter((each) => !isServes(each));

/** Of HOST PORT PROGRAM something is missing. */
export class NothingToRun extends UsageError {}

/**
 * The service that a command line asks for.
 *
 * @param found in `args`, this command's own options among them
 * @throws Fatal
 * @throws UsageError
 */
export async function serviceFrom(
  named: Named,
  args: readonly string[],
  found: Scanned,
  calledAs: string,
): Promise<Service> {
  const folder = Deno.cwd();
  const serves = found.given.filter(isServes);
  // A wrong command line is told now, not at the next boot.
  const command = commandFrom(serves, found.operands, calledAs);
  if (command.check) {
    throw new UsageError("--check is nothing to start at boot");
  }
  if (command.config === null) {
    const missing = missingIn(found.operands);
    if (missing !== null) throw new NothingToRun(missing);
  }
  refuseVariables(serves);
  const words = absoluteOptions(args, serves, folder);
  const program = command.config === null
    ? await absoluteProgram(found.operands.slice(2), folder)
    : [];
  words.splice(words.length - program.length, program.length, ...program);
  const own = ownIn(found);
  const isOwn = (at: number) =>
    own.some(({ words: [from, to] = [0, 0] }) => from <= at && at < to);
  const serveArgs = words.filter((_, at) => !isOwn(at));
  const config = command.config && absolutePath(command.config, folder);
  const absolute = { ...command, config };
  const blocks = config === null
    ? [{
      given: scan(spellingsIn(serveSyntax), serveArgs).given,
      host: found.operands[0],
      port: found.operands[1],
      program,
      where: null,
    }]
    : await blocksOf(config, await configOf(absolute));
  return {
    ...named,
    config,
    serveArgs,
    ...await factsOf(blocks, folder, { executable: named.executable, config }),
    given: [
      ...new Set([...serves, ...blocks.flatMap(({ given }) => given)]
        .map(({ long }) => long)),
    ],
  };
}

async function blocksOf(
  config: string,
  text: string | null,
): Promise<Block[]> {
  const { blocksIn } = await import("../../lib/process/config_file.ts");
  const blocks = blocksIn(config, text!, table);
  for (const { where, given, program } of blocks) {
    refuseVariables(given);
    await refuseRelativeIn(where, given, program);
  }
  return blocks;
}

/** The environment of a script is not the one that it was printed in. */
function refuseVariables(given: readonly Given[]): void {
  const said = given.find(({ long }) => long === "ids-from-env");
  if (said === undefined) return;
  throw new UsageError(
    `${said.name} wants $UID and $GID, which nobody sets at boot: ` +
      "say --uid and --gid",
  );
}

type Facts = Pick<
  Service,
  | "pidfile"
  | "stopSeconds"
  | "listenings"
  | "program"
  | "builtIn"
  | "user"
  | "writes"
  | "programs"
  | "said"
  | "uses"
>;

/** @throws Fatal that serve itself would say */
async function factsOf(
  blocks: readonly Block[],
  folder: string,
  started: Pick<Service, "executable" | "config">,
): Promise<Facts> {
  const all: { options: ServeOptions; reach: Reach; builtIn: boolean }[] = [];
  let mailLog: MailLogPlace | null = null;
  for (const { where, ...request } of blocks) {
    const options = optionsFrom(request);
    const reach = await inBlock(where, async () => {
      const service = await servedBy(options, {
        isClassic: false,
        isCheck: false,
      });
      // A process has one, whichever block names it.
      if (service.type === "protocol") mailLog ??= service.mailLog;
      return await reachOfBlocks([{ options, service }], bootEnvironment);
    });
    const { smtpd } = await chainOf(request.program, true);
    all.push({ options, reach, builtIn: smtpd !== null });
  }
  const reach = reachOf(all.map(({ reach }) => reach));
  refuseRelative(reach);
  const [first, ...others] = all.map(({ options }) => options);
  const options = { ...first, mailLog: mailLog ?? first.mailLog };
  const given = blocks[0].given;
  const user = given.findLast(({ long }) => long === "uid")?.text ?? null;
  const programs = [
    ...new Set(
      reach.programs.map(({ path }) =>
        path.includes("/") ? path : findProgram(path, scriptPath) ?? path
      ),
    ),
  ];
  const writes = writesOf(options, reach, folder);
  const words = blocks.flatMap(({ given, program }) => [
    ...given.map(({ text }) => text),
    ...program,
  ]);
  return {
    pidfile: options.pidfile && absolutePath(options.pidfile, folder),
    stopSeconds: options.graceSeconds + stopMarginSeconds,
    listenings: all.map(({ options: { host, port, family, backlog } }) => ({
      ...{ host, port, backlog },
      ipv6: family === "ipv6",
    })),
    program: blocks[0].program,
    said: new Map(given.map(({ long, text }) => [long, text])),
    builtIn: all.every(({ builtIn }) => builtIn),
    user: options.uid === 0 ? null : user,
    writes,
    programs,
    uses: usesOf([options, ...others], words, reach, {
      ...started,
      programs,
      writes,
    }),
  };
}

function writesOf(
  { mailLog, metrics, pidfile }: ServeOptions,
  { writes }: Reach,
  folder: string,
): string[] {
  const files = [
    mailLog.type === "file" ? mailLog.path : null,
    metrics?.type === "unix" ? metrics.path : null,
    pidfile,
  ].filter((path) => path !== null);
  return [
    ...new Set([
      ...writes.map(({ path }) => path === usualMaildir ? "/Maildir" : path),
      ...files.map((path) => parentOf(absolutePath(path, folder))),
    ]),
  ];
}

/**
 * What is named elsewhere, such as in a file of routes.
 *
 * @throws Fatal
 */
function refuseRelative({ reads, writes, programs }: Reach): void {
  const paths = [
    ...writes.map(({ path }) => path),
    ...reads,
    ...programs.map(({ path }) => path).filter((path) => path.includes("/")),
  ];
  const relative = paths.find((path) =>
    !path.startsWith("/") && path !== usualMaildir
  );
  if (relative === undefined) return;
  throw new Fatal(
    100,
    `the script starts in /, and ${JSON.stringify(relative)} is a relative ` +
      "path: write it from / on",
  );
}

/** Where mail goes when nobody says it, and there is no queue program. */
const usualMaildir = "./Maildir";

/** What would work, but hardly as it is meant; null for nothing. */
export const remarkOn = ({ writes }: Service): string | null =>
  writes.includes("/Maildir")
    ? "mail will go to /Maildir, since nothing says where: smtpd --maildir PATH"
    : null;
