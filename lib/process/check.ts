/**
 * `postern serve --check`: whether a gate could start and admit, without
 * binding anything.
 *
 * @module
 */
import { textOf } from "../base/bytes.ts";
import type { Endpoint } from "../base/endpoint.ts";
import type { Emit } from "../base/events.ts";
import type { Protocol } from "../base/protocol.ts";
import { problemsIn } from "../base/unusable.ts";
import { parentOf } from "../base/path.ts";
import { mailLogProblem } from "../log/with_mail_log.ts";
import { troubleText } from "../log/tcpserver.ts";
import { AccessRules } from "../gate/access.ts";
import { checkAccess, checkFolder } from "../sys/access.ts";
import { encodeAddress } from "../sys/address.ts";
import { TlsAccess } from "../net/tls_access.ts";
import { findProgram, searchPath } from "../ucspi/program.ts";
import { whyNotRunnable } from "../ucspi/runnable.ts";
import type { Block } from "./block.ts";
import { confinementOf } from "./confinement.ts";
import { attempt, withoutFatal } from "./fatal.ts";
import type { ProcessOptions } from "./options.ts";
import { addressFor, asksDns } from "./places.ts";
import { Pidfile } from "./pidfile.ts";
import { dropIds } from "./privileges.ts";
import { reachOfBlocks } from "./reaches.ts";
import { ruledVariables } from "./ruled_variables.ts";

/** How much a check may do. */
export interface CheckManner {
  /** Not even for a moment is a file made, a place taken, or a gate asked. */
  readonly leavesNoTrace?: boolean;
  /** HOST may be a name that only the DNS knows; else that is not looked at. */
  readonly mayAskDns?: boolean;
}

/**
 * What would go wrong, each in a line that starts with its block, where there
 * are several. Options are known good.
 *
 * Root gives up its ids here, as a gate would before it serves: the process is
 * of no other use afterwards.
 */
export async function checkBlocks(
  blocks: readonly Block[],
  ofProcess: ProcessOptions,
  { leavesNoTrace = false, mayAskDns = true }: CheckManner = {},
): Promise<string[]> {
  const { pidfile, workers, metrics } = ofProcess;
  const all: Findings[] = blocks.map((_, i) =>
    new Findings(blocks.length > 1 ? `block ${i + 1}: ` : "")
  );
  const general = new Findings("");
  await general.of(() =>
    attempt(
      `write ${pidfile}`,
      () => leavesNoTrace ? lookAtPlace(pidfile) : tryPidfile(pidfile),
    )
  );
  if (leavesNoTrace) {
    const { mailLog } = ofProcess;
    const path = mailLog.type === "file" ? mailLog.path : null;
    await general.of(() =>
      attempt(`write the --mail-log ${path}`, () => lookAtPlace(path))
    );
  } else {
    const unwritable = await mailLogProblem(ofProcess);
    if (unwritable !== null) general.add(unwritable);
  }
  const watched = metrics && await import("./metrics_place.ts");
  await general.of(() => void watched?.readTokenOf(ofProcess));
  const places: Endpoint[] = [];
  const protocols: (Protocol | null)[] = [];
  for (const [i, block] of blocks.entries()) {
    await all[i].of(async () => {
      if (!mayAskDns && asksDns(block.options)) return;
      const place = await addressFor(block.options);
      const { ip, port } = place;
      attempt("bind", () => encodeAddress(ip, port)); // knows its interface
      places[i] = place;
      all[i].add(...clashesOf(places, i, workers > 1));
    });
    protocols[i] = await prepared(block, all[i]);
  }
  await general.of(() => {
    if (Deno.uid() === 0) dropIds(ofProcess);
  });
  if (!leavesNoTrace) await general.of(() => watched?.tryPlace(metrics!));
  await general.of(async () => {
    if (!ofProcess.confine) return;
    confinementOf(ofProcess, await reachOfBlocks(blocks));
  });
  for (const [i, block] of blocks.entries()) {
    await lookAsServed(block, protocols[i], all[i]);
  }
  return [general, ...all].flatMap(({ lines }) => lines);
}

/** What is wrong with one block; a line that comes twice is told once. */
class Findings {
  readonly #lines = new Set<string>();

  /** @param where what each line starts with */
  constructor(readonly where: string) {}

  add(...lines: string[]): void {
    for (const line of lines) this.#lines.add(this.where + line);
  }

  /** What an act throws, if it throws. */
  async of(act: () => void | Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const lines = problemsIn(error);
      this.add(
        ...lines.map(withoutFatal),
      );
    }
  }

  /** Troubles that are told of. */
  readonly emit: Emit = (event) => {
    const text = troubleText(event);
    if (text !== null) this.add(text);
  };

  get lines(): string[] {
    return [...this.#lines];
  }
}

/**
 * What serves the block, after it has read what only root may read. What is
 * executed reads nothing before it has its ids.
 */
async function prepared(
  { service, options: { tls } }: Block,
  found: Findings,
): Promise<Protocol | null> {
  const protocol = await service.make?.(found.emit) ?? null;
  if (protocol === null || service.type === "program") return protocol;
  await found.of(() => protocol.prepare());
  await found.of(async () => {
    const hostName = () => protocol.hostName ?? null;
    if (tls) await new TlsAccess(tls, found.emit, hostName).prepare();
  });
  return protocol;
}

/** With the ids of those who serve. */
async function lookAsServed(
  { service, options }: Block,
  protocol: Protocol | null,
  found: Findings,
): Promise<void> {
  const { rules, allowMissingRules } = options;
  const access = new AccessRules(rules, allowMissingRules)
    .decide({ ip: "192.0.2.1", host: null, info: null });
  if (access.type === "unreadable") {
    found.add(`unable to read ${rules}: ${access.reason}`);
  }
  if (service.type === "program") {
    const name = textOf(service.args[0]);
    const path = findProgram(name, searchPath());
    const why = path === null ? "no such program" : whyNotRunnable(path);
    if (why !== null) found.add(`unable to run ${path ?? name}: ${why}`);
    if (protocol !== null) await found.of(() => protocol.prepare());
  }
  if (protocol === null) return;
  const ruled = ruledVariables(rules);
  found.add(...await protocol.problems(ruled));
}

/** Whether a file could be made or written to, by what the system says of it. */
function lookAtPlace(path: string | null): void {
  if (path === null) return;
  checkFolder(parentOf(path), "write", "search");
  let there: Deno.FileInfo;
  try {
    there = Deno.statSync(path);
  } catch {
    return; // it is made
  }
  if (there.isDirectory) throw new Deno.errors.IsADirectory("is a directory");
  if (!there.isFile) throw new Error("is no regular file");
  checkAccess(path, "write");
}

/** Its temporary file comes and goes; what is at the path stays. */
function tryPidfile(path: string | null): void {
  const pidfile = new Pidfile(path);
  try {
    pidfile.prepare();
  } finally {
    pidfile.remove();
  }
}

/** With which earlier blocks one could not listen at once. */
function clashesOf(
  places: readonly Endpoint[],
  i: number,
  shared: boolean,
): string[] {
  const { ip, port } = places[i];
  const clash = places.slice(0, i).findIndex((earlier) =>
    earlier && clashes(earlier, places[i], shared)
  );
  if (clash === -1) return [];
  const other = places[clash].ip;
  return [
    `${ip} port ${port} ` +
    (ip === other
      ? `is block ${clash + 1}'s already`
      : `overlaps with block ${clash + 1}'s ${other}`),
  ];
}

/**
 * Whether the second could not be bound once the first listens: `0.0.0.0` is
 * every IPv4 address, `::` is every address. Shared ports (SO_REUSEPORT) may
 * overlap: the kernel prefers the narrower one.
 */
function clashes(
  first: Endpoint,
  second: Endpoint,
  shared: boolean,
): boolean {
  if (first.port !== second.port || first.port === 0) return false;
  if (first.ip === second.ip) return true;
  const covers = (wide: string, ip: string) =>
    wide === "::" || (wide === "0.0.0.0" && !ip.includes(":"));
  return !shared &&
    (covers(first.ip, second.ip) || covers(second.ip, first.ip));
}
