/**
 * PROGRAM as a chain: rblsmtpd, recordio and fixcrio may stand in front of
 * smtpd, and run inside this process if all of them are this executable.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import {
  builtInSmtpd,
  builtInWrapper,
  findProgram,
  searchPath,
} from "../../lib/ucspi/program.ts";
import type { WrapperRequest } from "../../lib/wrappers/in_process.ts";

export interface Chain {
  /** Those in front, the outermost first. */
  readonly wrappers: readonly WrapperRequest[];
  /** smtpd's own arguments; null if there is a program that is not ours. */
  readonly smtpd: ReturnType<typeof builtInSmtpd>;
  /** What is run where all is to be executed. */
  readonly executed: readonly string[];
}

/**
 * A bare `rblsmtpd` is whose PATH says; in front of the bare word `smtpd`,
 * which no other program could run, and where PATH has none, it is ours.
 *
 * @param bareWords whether words alone mean ours, as under `postern serve`
 * @throws Fatal that a wrapper itself would say
 */
export async function chainOf(
  program: readonly string[],
  bareWords: boolean,
): Promise<Chain> {
  const found = await chainIn(program, bareWords, isNowhere);
  const mayBeBare = bareWords && program.includes("smtpd");
  if (found.smtpd !== null || !mayBeBare) return found;
  const bare = await chainIn(program, true, () => true);
  return bare.smtpd !== null && bare.endsBare ? bare : found;
}

const isNowhere = (word: string) => findProgram(word, searchPath()) === null;

async function chainIn(
  program: readonly string[],
  bareWords: boolean,
  isOurs: (word: string) => boolean,
): Promise<Chain & { readonly endsBare: boolean }> {
  const wrappers: WrapperRequest[] = [];
  const executed: string[] = [];
  let rest = program;
  for (;;) {
    const [first] = rest;
    const isBare = bareWords && first !== undefined && isOurs(first);
    const wrapper = builtInWrapper(rest, isBare);
    if (wrapper === null) break;
    const { name, args, words } = wrapper;
    const read = await requestOf(name, args);
    if (read.rest.length === 0) break; // it complains itself
    wrappers.push(read.request);
    executed.push(...words, ...args.slice(0, args.length - read.rest.length));
    rest = read.rest;
  }
  const smtpd = rest.length === 0 ? null : builtInSmtpd(rest, bareWords);
  // The bare word is no program that a shell would find.
  const endsBare = bareWords && rest[0] === "smtpd";
  executed.push(...(endsBare ? [Deno.execPath()] : []), ...rest);
  return smtpd === null
    ? { wrappers: [], smtpd, executed: program, endsBare }
    : { wrappers, smtpd, executed, endsBare };
}

/** @throws Fatal */
async function requestOf(
  name: WrapperRequest["name"],
  args: readonly string[],
): Promise<{ request: WrapperRequest; rest: readonly string[] }> {
  if (name !== "rblsmtpd") return { request: { name }, rest: args };
  const { parseRblsmtpd } = await import("../rblsmtpd_options.ts");
  try {
    const command = parseRblsmtpd(args);
    if (command !== null) {
      return { request: { name, ...command }, rest: command.program };
    }
    throw new Fatal(100, "--help is for a terminal, not for a gate");
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    throw new Fatal(error.exitCode, error.message, { speaker: name });
  }
}
