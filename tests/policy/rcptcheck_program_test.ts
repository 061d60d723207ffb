import { into } from "../support/troubles.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { rcptcheck } from "../../lib/policy/rcptcheck_program.ts";
import { rcptcheckAnswer } from "../../lib/policy/rcptcheck.ts";
import { inFolder } from "../support/peers.ts";
import { question } from "../support/question.ts";

function codeOf(answer: { type: string; code?: number }): number | "accept" {
  return answer.code ?? "accept";
}

Deno.test("rcptcheckAnswer() accepts by 0, refuses by 100, else defers", () => {
  for (let exit = 0; exit < 256; exit++) {
    const code = codeOf(rcptcheckAnswer(exit << 8));
    assertEquals(code, exit === 0 ? "accept" : exit === 100 ? 550 : 451);
  }
  for (let signal = 1; signal < 127; signal++) {
    assertEquals(codeOf(rcptcheckAnswer(signal)), 451);
    assertEquals(codeOf(rcptcheckAnswer(signal | 100 << 8)), 451);
  }
});

/** Runs `test` with a policy whose program is this shell script. */
async function withScript(
  script: string,
  test: (
    policy: ReturnType<typeof rcptcheck>,
    log: string[],
    folder: string,
  ) => Promise<void>,
  seconds = 20,
) {
  await inFolder(async (folder) => {
    const path = `${folder}/check`;
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const log: string[] = [];
    const env = ["PATH=/usr/bin:/bin", `OUT=${folder}/out`, "SENDER=stale"];
    await test(
      rcptcheck(path, env, seconds, into(log)),
      log,
      folder,
    );
  });
}

Deno.test("rcptcheck() tells its program who, and nothing else reaches it", async () => {
  const script = 'exec 3> "$OUT"; ' +
    'echo "$#:$SENDER:$RECIPIENT:$(env | grep -c ^SENDER=)" >&3; cat >&3; ' +
    'ends=$(readlink /proc/$$/fd/1 /proc/$$/fd/2); echo "$ends" >&3';
  await withScript(script, async (policy, log, folder) => {
    const answer = await policy(
      question({ sender: "a\nX=1@b", recipient: "c d@e" }),
    );
    assertEquals(answer, { type: "accept" });
    const [facts, ...more] = (await Deno.readTextFile(`${folder}/out`))
      .trimEnd().split("\n");
    assertEquals(facts, "0:a?X=1@b:c d@e:1");
    // No input, and both outputs are one: the log.
    assertEquals(more.length, 2);
    assertEquals(more[0], more[1]);
    assertEquals(log, []);
  });
});

Deno.test("rcptcheck() goes by the exit code", async () => {
  const script = "case $RECIPIENT in no@*) exit 100;; later@*) exit 111;; " +
    "odd@*) exit 1;; killed@*) kill -9 $$;; esac";
  await withScript(script, async (policy, log) => {
    const cases: Record<string, number | "accept"> = {
      "yes@x": "accept",
      "no@x": 550,
      "later@x": 451,
      "odd@x": 451,
      "killed@x": 451,
    };
    for (const [recipient, code] of Object.entries(cases)) {
      assertEquals(
        codeOf(await policy(question({ recipient }))),
        code,
        recipient,
      );
    }
    assertEquals(log.length, 3);
  });
});

Deno.test("rcptcheck() kills a program that takes too long, and defers", async () => {
  await withScript(
    'echo $$ > "$OUT"; exec sleep 600',
    async (policy, log, folder) => {
      assertEquals(codeOf(await policy(question())), 451);
      assertMatch(log.join("\n"), /took more than 1 seconds$/);
      const pid = (await Deno.readTextFile(`${folder}/out`)).trim();
      let alive = true;
      try {
        Deno.statSync(`/proc/${pid}`);
      } catch {
        alive = false;
      }
      assert(!alive, "the program is still there");
    },
    1,
  );
});

Deno.test("rcptcheck() defers when its program cannot be started", async () => {
  const log: string[] = [];
  const policy = rcptcheck("/nonexistent", [], 1, into(log));
  assertEquals(codeOf(await policy(question())), 451);
  assertMatch(log.join("\n"), /^unable to run \/nonexistent: /);
});
