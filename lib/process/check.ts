/**
 * `postern serve --check`: whether a gate could start and admit, without
 * binding anything.
 *
 * @module
 */
import type { GateEvent } from "../base/events.ts";
import { Fatal } from "../base/fatal.ts";
import type { Endpoint } from "../base/endpoint.ts";
import { troubleText } from "../log/tcpserver.ts";
import { AccessRules } from "../gate/access.ts";
import { encodeAddress } from "../sys/address.ts";
import { TlsAccess } from "../net/tls_access.ts";
import type { Block } from "./block.ts";
import { attempt } from "./fatal.ts";
import type { ProcessOptions } from "./options.ts";
import { addressFor } from "./places.ts";
import { dropIds } from "./serve.ts";
import { Pidfile } from "./pidfile.ts";

/**
 * What would go wrong, each in a line. Program and options are known good.
 *
 * Root gives up its ids here, as a gate would before it reads the rules: the
 * process is of no other use afterwards.
 */
export async function checkBlocks(
  blocks: readonly Block[],
  ofProcess: ProcessOptions,
): Promise<string[]> {
  const { pidfile, workers } = ofProcess;
  const problems: string[] = [];
  const tell = (error: unknown, where = "") => {
    if (!(error instanceof Fatal)) throw error;
    problems.push(where + error.message.replace(/^tcpserver: fatal: /, ""));
  };
  const places: Endpoint[] = [];
  const where = (i: number) => blocks.length > 1 ? `block ${i + 1}: ` : "";
  try {
    attempt(`write ${pidfile}`, () => tryPidfile(pidfile));
  } catch (error) {
    tell(error);
  }
  for (const [i, { options }] of blocks.entries()) {
    try {
      places[i] = await addressFor(options);
      const { ip, port } = places[i];
      attempt("bind", () => encodeAddress(ip, port)); // knows its interface
      const clash = places.slice(0, i).findIndex((earlier) =>
        earlier && clashes(earlier, places[i], workers > 1)
      );
      if (clash >= 0) {
        const other = places[clash].ip;
        problems.push(
          `${where(i)}${ip} port ${port} ` +
            (ip === other
              ? `is block ${clash + 1}'s already`
              : `overlaps with block ${clash + 1}'s ${other}`),
        );
      }
    } catch (error) {
      tell(error, where(i));
    }
    const found = await problemsOf(blocks[i]);
    problems.push(...found.map((line) => where(i) + line));
  }
  try {
    if (Deno.uid() === 0) dropIds(ofProcess);
  } catch (error) {
    tell(error);
  }
  for (
    const [i, { options: { rules, allowMissingRules } }] of blocks.entries()
  ) {
    const access = new AccessRules(rules, allowMissingRules)
      .decide({ ip: "192.0.2.1", host: null, info: null });
    if (access.type === "unreadable") {
      problems.push(`${where(i)}unable to read ${rules}: ${access.reason}`);
    }
  }
  return problems;
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

/** What the protocol of a block, and its TLS, would stumble over. */
async function problemsOf(
  { options, service }: Block,
): Promise<string[]> {
  if (service.type === "program") return [];
  const problems: string[] = [];
  const emit = (event: GateEvent) => {
    const text = troubleText(event);
    if (text !== null) problems.push(text);
  };
  problems.push(...await service.make(emit).problems());
  if (options.tls) {
    try {
      await new TlsAccess(options.tls, emit).prepare();
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return problems;
}
