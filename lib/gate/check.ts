/**
 * `postern serve --check`: whether a gate could start and admit, without
 * binding anything.
 *
 * @module
 */
import { Fatal } from "../fatal.ts";
import { AccessRules } from "./access.ts";
import { addressFor, type Block } from "./serve.ts";
import { ownEnvironment } from "./environment.ts";
import { prepareSessions } from "./in_process.ts";
import type { GateOptions } from "./options.ts";
import type { SmtpdOptions } from "./smtp_settings.ts";

/** What would go wrong, each in a line. Program and options are known good. */
export async function checkBlocks(blocks: readonly Block[]): Promise<string[]> {
  const problems: string[] = [];
  const places = new Map<string, number>();
  for (const [i, { options, service }] of blocks.entries()) {
    const where = blocks.length > 1 ? `block ${i + 1}: ` : "";
    try {
      const { ip, port } = await addressFor(options);
      const place = `${ip} port ${port}`;
      const earlier = places.get(place);
      if (port !== 0 && earlier !== undefined) {
        problems.push(`${where}${place} is block ${earlier + 1}'s already`);
      }
      places.set(place, i);
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
