/**
 * A helper process: postern executed by itself, for one kind of work
 * (lib/helper/role.ts). No subcommand: nobody at a terminal wants it.
 *
 * @module
 */
import { Answering } from "../lib/helper/answering.ts";
import type { Answerer } from "../lib/helper/question.ts";
import { channelDescriptor, type Role, roles } from "../lib/helper/role.ts";
import { restrain } from "../lib/sys/restraint.ts";

/** Until the parent has gone; never returns. */
export async function run(role: string): Promise<never> {
  const { processorMs, memoryBytes } = roles[role as Role];
  // All of it is loaded before the first stranger's question is there.
  const answer = await answererOf(role as Role);
  // Here a list of system calls would be laid upon it (seccomp).
  restrain({ memoryBytes, descriptors: [channelDescriptor] });
  return await new Promise<never>(() => {
    const ended = () => Deno.exit(0);
    new Answering(channelDescriptor, answer, processorMs, ended);
  });
}

async function answererOf(role: Role): Promise<Answerer> {
  switch (role) {
    case "mail": {
      const { prepare, answer } = await import("../lib/mailauth/answers.ts");
      await prepare();
      return answer;
    }
    case "passwords":
      return (await import("../lib/auth/scrypt.ts")).answer;
  }
}
