/**
 * What PROGRAM is: a program, or postern's own SMTP inside this process.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import type { Emit } from "../../lib/base/events.ts";
import type { Protocol } from "../../lib/base/protocol.ts";
import { wrongUsage } from "../../lib/cli/command_line.ts";
import { bytes } from "../../lib/cli/readers.ts";
import type { Service } from "../../lib/process/block.ts";
import { fatal } from "../../lib/process/fatal.ts";
import type { ServeOptions } from "../../lib/process/options.ts";
import {
  findProgram,
  isExecutable,
  searchPath,
} from "../../lib/ucspi/program.ts";
import type { SmtpdCommand } from "../smtpd_options.ts";
import { chainOf } from "./chain.ts";

/**
 * @param isCheck whether nothing will be served
 * @throws Fatal
 */
export async function serviceOf(
  { program, tls, isolate }: ServeOptions,
  { isClassic, isCheck }: { isClassic: boolean; isCheck: boolean },
): Promise<Service> {
  const { wrappers, smtpd, executed } = await chainOf(program, !isClassic);
  if (tls && (!smtpd || isolate)) {
    throw new Fatal(
      100,
      "--tls-cert is for the built-in smtpd: a program gets the socket itself",
    );
  }
  if (smtpd) {
    // Wrong options are told now, not at the first connection.
    const options = await smtpdOptions(smtpd);
    const isolated = programOf(executed);
    if (isolate && !isCheck) return isolated;
    const make = async (emit: Emit): Promise<Protocol> => {
      const { SmtpProtocol } = await import("../../lib/smtpd/protocol.ts");
      const protocol = new SmtpProtocol(options, emit);
      if (wrappers.length === 0) return protocol;
      const { wrapped } = await import("../../lib/wrappers/in_process.ts");
      return wrapped(protocol, wrappers, emit);
    };
    const reach: Service["reach"] = async (own, ruled) => {
      const { smtpdReach } = await import("../../lib/smtpd/reach.ts");
      return smtpdReach(options, own, ruled());
    };
    const { mailLog } = options;
    return isolate
      ? { ...isolated, make }
      : { type: "protocol", make, reach, mailLog };
  }
  if (!isClassic) {
    // tcpserver itself would complain only at each connection.
    const path = findProgram(program[0], searchPath());
    if (path === null || !isExecutable(path)) {
      throw fatal(`unable to run ${program[0]}: no such program`);
    }
  }
  return programOf(program);
}

const programOf = (args: readonly string[]) => ({
  type: "program" as const,
  args: args.map((arg) => bytes(arg, false)),
  reach: () => {
    const path = findProgram(args[0], searchPath()) ?? args[0];
    return Promise.resolve({ programs: [{ named: "PROGRAM", path }] });
  },
});

/** @throws Fatal that smtpd itself would say */
async function smtpdOptions(
  { args, calledAs }: { args: readonly string[]; calledAs: string },
): Promise<SmtpdCommand> {
  const { parseOptions } = await import("../smtpd_options.ts");
  try {
    const forPeople = ["--help", "--hash-password"];
    const stray = calledAs === "qmail-smtpd"
      ? undefined
      : args.find((arg) => forPeople.includes(arg));
    const options = stray === undefined
      ? await parseOptions(args, calledAs)
      : null;
    if (options !== null) return options;
    throw wrongUsage(calledAs, `${stray} is for a terminal, not for a gate`);
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    throw new Fatal(error.exitCode, error.message, { speaker: calledAs });
  }
}
