/**
 * postern rblsmtpd, and rblsmtpd: PROGRAM for clients that no list has.
 *
 * @module
 */
import { complain } from "../lib/cli/output.ts";
import { dnsResolver } from "../lib/net/resolver.ts";
import { ownEnvironment } from "../lib/ucspi/environment.ts";
import { judge, lookupSeconds } from "../lib/wrappers/blocklists.ts";
import { refuse } from "../lib/wrappers/refusal.ts";
import { runInstead } from "./instead.ts";
import { parseRblsmtpd, syntax } from "./rblsmtpd_options.ts";

export const describe = () => syntax;

export async function run(args: string[]): Promise<number> {
  const command = parseRblsmtpd(args);
  if (command === null) return 0;
  const { request: { lists, seconds }, program } = command;
  const env = ownEnvironment();
  const ip = env.get("TCPREMOTEIP") ?? "";
  const judgement = await judge(
    lists,
    ip,
    env.get("RBLSMTPD"),
    dnsResolver(lookupSeconds),
  );
  if (judgement.type === "accept") runInstead(program.length);
  const { reply } = judgement;
  complain(`rblsmtpd: ${ip} pid ${Deno.pid}: ${reply}`);
  const { StandardStream } = await import("../lib/smtpd/standard_stream.ts");
  const stream = new StandardStream();
  return await new Promise((ended, broken) => {
    refuse(stream, reply, seconds, { ended, broken });
  });
}
