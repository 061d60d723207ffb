/**
 * `postern serve --check`: whether a gate could start and admit, without
 * binding anything.
 *
 * @module
 */
import { Fatal } from "../fatal.ts";
import { reason } from "../reason.ts";
import { AccessRules } from "./access.ts";
import { addressFor, type Block } from "./serve.ts";
import { ownEnvironment } from "./environment.ts";
import { SmtpSettings } from "./smtp_settings.ts";

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
    if (service.type === "smtp") problems.push(...smtp(service.options, where));
  }
  return problems;
}

function smtp(
  options: ConstructorParameters<typeof SmtpSettings>[0],
  where: string,
): string[] {
  const warnings: string[] = [];
  const settings = new SmtpSettings(options, (line) => warnings.push(line));
  try {
    const { type } = settings.forSession(ownEnvironment());
    if (type === "unreadable" && warnings.length === 0) {
      warnings.push("unable to read the control files");
    }
  } catch (error) {
    warnings.push(reason(error));
  }
  return warnings.map((line) => where + line);
}
