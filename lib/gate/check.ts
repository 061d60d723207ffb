/**
 * `postern serve --check`: whether a gate could start and admit, without
 * binding anything.
 *
 * @module
 */
import { Fatal } from "../fatal.ts";
import type { SocketAddress } from "../posix/listener.ts";
import { AccessRules } from "./access.ts";
import { addressFor, type Block } from "./serve.ts";
import { ownEnvironment } from "./environment.ts";
import { prepareSessions } from "./in_process.ts";
import type { GateOptions } from "./options.ts";
import type { SmtpdOptions } from "./smtp_settings.ts";

/**
 * What would go wrong, each in a line. Program and options are known good.
 *
 * @param shared whether several processes are to listen on each address
 */
export async function checkBlocks(
  blocks: readonly Block[],
  shared: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  const places: SocketAddress[] = [];
  for (const [i, { options, service }] of blocks.entries()) {
    const where = blocks.length > 1 ? `block ${i + 1}: ` : "";
    try {
      places[i] = await addressFor(options);
      const clash = places.slice(0, i).findIndex((earlier) =>
        earlier && clashes(earlier, places[i], shared)
      );
      if (clash >= 0) {
        const { ip, port } = places[i];
        const other = places[clash].ip;
        problems.push(
          `${where}${ip} port ${port} ` +
            (ip === other
              ? `is block ${clash + 1}'s already`
              : `overlaps with block ${clash + 1}'s ${other}`),
        );
      }
    } catch (error) {
      if (!(error instanceof Fatal)) throw error;
      problems.push(where + error.message.replace(/^tcpserver: fatal: /, ""));
    }
    const rules = new AccessRules(options.rules, options.allowMissingRules);
    const access = rules.decide({ ip: "192.0.2.1", host: null, info: null });
    if (access.type === "unreadable") {
      problems.push(
        `${where}unable to read ${options.rules}: ${access.reason}`,
      );
    }
    if (service.type === "smtp") {
      const found = await smtp(service.options, options);
      problems.push(...found.map((line) => where + line));
    }
  }
  return problems;
}

/**
 * Whether the second could not be bound once the first listens: `0.0.0.0` is
 * every IPv4 address, `::` is every address. Shared ports (SO_REUSEPORT) may
 * overlap: the kernel prefers the narrower one.
 */
function clashes(
  first: SocketAddress,
  second: SocketAddress,
  shared: boolean,
): boolean {
  if (first.port !== second.port || first.port === 0) return false;
  if (first.ip === second.ip) return true;
  const covers = (wide: string, ip: string) =>
    wide === "::" || (wide === "0.0.0.0" && !ip.includes(":"));
  return !shared &&
    (covers(first.ip, second.ip) || covers(second.ip, first.ip));
}

/** What its sessions would stumble over. */
async function smtp(
  smtpdOptions: SmtpdOptions,
  options: GateOptions,
): Promise<string[]> {
  const problems: string[] = [];
  try {
    const { settings } = await prepareSessions(
      smtpdOptions,
      options,
      (line) => problems.push(line),
    );
    const { type } = settings.forSession(ownEnvironment());
    if (type === "unreadable" && problems.length === 0) {
      problems.push("unable to read the control files");
    }
  } catch (error) {
    problems.push((error as Error).message);
  }
  return problems;
}
