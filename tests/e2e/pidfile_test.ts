/**
 * Nobody is told that a gate is there which then cannot serve.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, postern } from "../support/peers.ts";

const limits: readonly (readonly string[])[] = [
  [],
  ["--no-confine"],
  ["-u", "65534", "-g", "65534"],
  ["--no-confine", "-u", "65534", "-g", "65534"],
];

/** What a file says; "" while there is none. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

for (const options of limits) {
  const isDropped = options.includes("-u");
  Deno.test(
    needing(
      { root: isDropped },
      `a gate that fails last has said nothing: ${options.join(" ")}`,
    ),
    () =>
      inFolder(async (folder) => {
        const path = `${folder}/pid`;
        const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const gate = new Deno.Command(postern, {
          args: [
            ...["serve", "-RHl0", ...options, "--pidfile", path],
            ...["--metrics", `127.0.0.1:${taken.addr.port}`],
            ...["127.0.0.1", "0", "smtpd", "--deliver", "discard"],
          ],
          stdin: "null",
          stderr: "piped",
        }).spawn();
        let said = "", isOver = false;
        const ended = gate.output().finally(() => isOver = true);
        while (!isOver) {
          said += textOf(path);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        taken.close();
        const { code, stderr } = await ended;
        assertMatch(new TextDecoder().decode(stderr), /address already used/);
        assertEquals([code, said, textOf(path)], [111, "", ""]);
      }),
  );
}
