import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { closeDescriptor, pipe, writeSome } from "../../lib/sys/descriptors.ts";
import { waitFor } from "../../lib/sys/children.ts";
import { spawn } from "../../lib/sys/spawn.ts";
import { output } from "../support/peers.ts";

// A helper thread may end a moment later than the test that made it wait.
const options = { sanitizeOps: false, sanitizeResources: false };

async function sh(script: string, env: string[] = []): Promise<string> {
  const folder = await Deno.makeTempDir();
  const input = pipe();
  const pid = spawn({
    path: "/bin/sh",
    args: ["sh", "-c", `exec > ${folder}/out; ${script}`],
    env,
    descriptors: [[input.read, 0]],
  });
  closeDescriptor(input.read);
  writeSome(input.write, new TextEncoder().encode("hello\n"));
  closeDescriptor(input.write);
  const status = await waitFor(pid);
  const text = await Deno.readTextFile(`${folder}/out`);
  await Deno.remove(folder, { recursive: true });
  return `${status} ${text}`;
}

Deno.test(
  "a child gets its descriptors, its environment and nothing of ours",
  options,
  async () => {
    assertEquals(await sh("cat; exit 3", []), "768 hello\n");
    assertEquals(
      await sh('echo "$A-$B"', ["A=\xe9", "B="].map(String)),
      "0 \ufffd-\n", // the byte 0xe9 itself, not its UTF-8 form
    );
    const listener = Deno.listen({ port: 0 });
    const open = await sh("ls -l /proc/self/fd | sed 's/.*-> //'");
    listener.close();
    assert(!/socket:|anon_inode/.test(open), open);
    const stdin = open.match(/pipe:\[\d+\]/)![0];
    assertEquals(open.split(stdin).length, 2, `one end of it: ${open}`);
  },
);

Deno.test(
  "signals are as new in a child: none ignored, none blocked",
  options,
  async () => {
    const text = await sh("grep -E '^Sig(Blk|Ign)' /proc/self/status");
    assertMatch(text, /SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000/);
  },
);

Deno.test(
  "what a shell has us ignore is ignored in a child too, and no more",
  options,
  async () => {
    const program = `
      import { outliveLimits } from "./lib/sys/signals.ts";
      import { spawn } from "./lib/sys/spawn.ts";
      import { waitFor } from "./lib/sys/children.ts";
      outliveLimits();
      const args = ["grep", "SigIgn", "/proc/self/status"];
      await waitFor(
        spawn({ path: "/bin/grep", args, env: [], descriptors: [] }),
      );
      Deno.exit();`;
    const { stdout } = await output("/bin/sh", [
      "-c",
      `trap '' HUP INT QUIT TERM USR1; exec "$0" run -A --no-check --ext=ts -`,
      Deno.execPath(),
    ], {
      stdin: program,
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
    });
    assertEquals(stdout, "SigIgn:\t0000000000000007\n"); // signals 1 to 3
  },
);

Deno.test(
  "a program that is not there is an error with its code",
  options,
  () => {
    let code: unknown;
    try {
      spawn({ path: "/no/such", args: ["x"], env: [], descriptors: [] });
    } catch (error) {
      code = (error as { code: string }).code;
    }
    assertEquals(code, "ENOENT");
  },
);

Deno.test(
  "many children at once, each with its own status",
  options,
  async () => {
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const pid = spawn({
          path: "/bin/sh",
          args: ["sh", "-c", `exit ${i}`],
          env: Array.from(
            { length: 20 },
            (_, n) => `V${n}=${"x".repeat(n * 10)}`,
          ),
          descriptors: [],
        });
        return await waitFor(pid) >> 8;
      }),
    );
    assertEquals(statuses, Array.from({ length: 200 }, (_, i) => i));
  },
);
