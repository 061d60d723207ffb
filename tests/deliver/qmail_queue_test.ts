import { fileURLToPath } from "node:url";
import { committed, stranger } from "./submitter.ts";
import { assert, assertEquals } from "@std/assert";
import { delivery, qmailQueue } from "../../lib/deliver/qmail_queue.ts";
import type { Message } from "../../lib/deliver/target.ts";
import { inFolder, output, until } from "../support/peers.ts";
import { descriptorsOf } from "../support/weather.ts";
import { into } from "../support/troubles.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const options = { sanitizeOps: false, sanitizeResources: false };
const envelope = {
  sender: "a@b.example",
  recipients: ["c@d.example", "e@f.example"],
};

/** The recipient of each reply in qmail's table. */
const table: [number[], string, string][] = [
  [[11, 115], "never 554", "envelope address too long for qq (#5.1.3)"],
  [[31], "never 554", "mail server permanently rejected message (#5.3.0)"],
  [[51], "later 451", "qq out of memory (#4.3.0)"],
  [[52], "later 451", "qq timeout (#4.3.0)"],
  [[53], "later 451", "qq write error or disk full (#4.3.0)"],
  [[54], "later 451", "qq read error (#4.3.0)"],
  [[55], "later 451", "qq unable to read configuration (#4.3.0)"],
  [[56], "later 451", "qq trouble making network connection (#4.3.0)"],
  [[61], "later 451", "qq trouble in home directory (#4.3.0)"],
  [
    [62, 63, 64, 65, 66],
    "later 451",
    "qq trouble creating files in queue (#4.3.0)",
  ],
  [[71], "later 451", "mail server temporarily rejected message (#4.3.0)"],
  [[72], "later 451", "connection to mail server timed out (#4.4.1)"],
  [[73], "later 451", "connection to mail server rejected (#4.4.1)"],
  [[74], "later 451", "communication with mail server failed (#4.4.2)"],
  [[81, 91], "later 451", "qq internal bug (#4.3.0)"],
  [[120], "later 451", "unable to exec qq (#4.3.0)"],
  [[12, 30, 40], "never 554", "qq permanent problem (#5.3.0)"],
  [
    [1, 10, 41, 82, 100, 111, 255],
    "later 451",
    "qq temporary problem (#4.3.0)",
  ],
];

Deno.test("each exit code has qmail's reply", () => {
  for (const [codes, kind, text] of table) {
    for (const code of codes) {
      const result = delivery(code << 8, 1);
      assert(result.type !== "stored");
      assertEquals(`${result.type} ${result.code}`, kind, `exit ${code}`);
      assertEquals(`${result.text} (#${result.enhanced})`, text);
    }
  }
  assertEquals(delivery(0, 77), { type: "stored", id: "77" });
  const crashed = delivery(9, 1);
  assertEquals(crashed.type === "later" && crashed.text, "qq crashed");
});

Deno.test("with 82 the program has a reason of its own", () => {
  const cases: [reason: string, kind: string, text: string][] = [
    ["Dgo away (#5.7.1)", "never 554", "go away (#5.7.1)"],
    ["Zcome back (#4.2.1)", "later 451", "come back (#4.2.1)"],
    ["Dgo away", "never 554", "go away (#)"],
    ["Dx (#5.7.1) y", "never 554", "x (#5.7.1) y (#)"],
    ["Dx", "later 451", "qq temporary problem (#4.3.0)"],
    ["Dxy", "never 554", "xy (#)"],
    ["", "later 451", "qq temporary problem (#4.3.0)"],
  ];
  for (const [reason, kind, text] of cases) {
    const result = delivery(82 << 8, 1, reason);
    assert(result.type !== "stored");
    assertEquals(`${result.type} ${result.code}`, kind, reason);
    assertEquals(`${result.text} (#${result.enhanced})`, text);
  }
  const others = delivery(83 << 8, 1, "Dgo away");
  assertEquals(others.type === "later" && others.text, "qq temporary problem");
});

async function withQueue(
  script: string,
  act: (message: Message, folder: string) => Promise<void>,
  patienceMs?: number,
  log: string[] = [],
) {
  await inFolder(async (folder) => {
    const path = `${folder}/queue`;
    await Deno.writeTextFile(path, `#!/bin/sh\ncd ${folder}\n${script}\n`);
    await Deno.chmod(path, 0o755);
    const opened = await qmailQueue(() => path, patienceMs, into(log)).open(
      envelope,
      stranger,
    );
    assert(!("type" in opened));
    await act(opened, folder);
  });
}

Deno.test(
  "the program reads the message on 0 and the envelope on 1",
  options,
  () =>
    withQueue("cat > message; cat <&1 > envelope", async (message, folder) => {
      await message.append(bytes("Subject: x\n"));
      await message.append(bytes("\nbody\n"));
      assertEquals((await committed(message)).type, "stored");
      assertEquals(
        [
          await Deno.readTextFile(`${folder}/message`),
          await Deno.readTextFile(`${folder}/envelope`),
        ],
        [
          "Subject: x\n\nbody\n",
          "Fa@b.example\0Tc@d.example\0Te@f.example\0\0",
        ],
      );
    }),
);

Deno.test(
  "a program that does not read is heard, not waited for",
  options,
  () =>
    withQueue("exit 53", async (message) => {
      for (let i = 0; i < 50; i++) await message.append(new Uint8Array(65536));
      const result = await committed(message);
      assertEquals(
        result.type === "later" && result.text,
        "qq write error or disk full",
      );
    }),
);

Deno.test(
  "of a reason on 6 as much is told as qmail-smtpd reads",
  options,
  () =>
    withQueue(
      "exec >&6; printf D; head -c 300 /dev/zero | tr '\\0' x; exit 82",
      async (message) => {
        const result = await committed(message);
        assertEquals(result.type === "never" && result.text, "x".repeat(254));
      },
    ),
);

Deno.test(
  "a message costs four descriptors, and none when it is over",
  options,
  () =>
    withQueue("cat > /dev/null; cat <&1 > /dev/null", async (message) => {
      const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
      const during = open();
      assertEquals((await committed(message)).type, "stored");
      assertEquals(during - open(), 4);
    }),
);

for (const end of ["commit", "abandon"] as const) {
  Deno.test(
    `after ${end}() nothing is written, and nobody else's descriptor closed`,
    options,
    () =>
      withQueue("cat <&1 > /dev/null", async (message, folder) => {
        await message[end]();
        // They may have the numbers that the pipes had.
        const files = await Promise.all(
          Array.from(
            { length: 8 },
            (_, i) =>
              Deno.open(`${folder}/${i}`, { create: true, write: true }),
          ),
        );
        await message.append(bytes("x"));
        await message.abandon();
        for (const file of files) {
          assertEquals((await file.stat()).size, 0);
          await file.write(bytes("y"));
          file.close();
        }
      }),
  );
}

Deno.test(
  "an abandoned message is an envelope that ends early",
  options,
  () =>
    withQueue(
      "cat > message; cat <&1 > envelope; sleep 0.2; mv envelope done",
      async (message, folder) => {
        await message.append(bytes("half"));
        await message.abandon(); // which is when the program has ended
        assertEquals(await Deno.readTextFile(`${folder}/done`), "");
      },
    ),
);

Deno.test(
  "a program that cannot be executed is told after the message, as qmail-smtpd does",
  options,
  async () => {
    const message = await qmailQueue(() => "/no/such").open(
      envelope,
      stranger,
    );
    assert(!("type" in message));
    await message.append(new Uint8Array(100_000));
    assertEquals(await committed(message), {
      type: "later",
      code: 451,
      enhanced: "4.3.0",
      text: "unable to exec qq",
    });
  },
);

Deno.test(
  "without descriptors for its pipes it is 451 before 354",
  options,
  async () => {
    const program = `
      import { qmailQueue } from "./lib/deliver/qmail_queue.ts";
      import { pipe } from "./lib/sys/descriptors.ts";
      try { for (;;) pipe(); } catch { /* all are taken */ }
      const opened = await qmailQueue(() => "/bin/true")
        .open({}, { env: { entries: () => [] } });
      console.log(opened.code, opened.text);
      Deno.exit();`;
    const { stdout } = await output("/bin/sh", [
      "-c",
      'ulimit -n 80; exec "$0" run -A --no-check --unstable-net --ext=ts -',
      Deno.execPath(),
    ], {
      stdin: program,
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
    });
    assertEquals(stdout, "451 qqt failure\n");
  },
);

Deno.test("a program that never ends is ended", options, async () => {
  for (const script of ["exec sleep 60", "cat > /dev/null; exec sleep 60"]) {
    await withQueue(script, async (message) => {
      await message.append(new Uint8Array(300_000));
      const result = await committed(message);
      assertEquals(result.type === "later" && result.text, "qq timeout");
    }, 300);
  }
});

Deno.test(
  "a program that takes no byte is ended while the message is written",
  options,
  () =>
    withQueue(
      "trap 'echo > ended; exit 1' TERM; while :; do sleep 0.1; done",
      async (message, folder) => {
        await message.append(new Uint8Array(300_000));
        await until("it is asked to end", () => {
          return [...Deno.readDirSync(folder)].some(({ name }) =>
            name === "ended"
          );
        });
        await message.abandon();
      },
      300,
    ),
);

Deno.test(
  "a program that takes its time, but takes, is not ended",
  options,
  () =>
    withQueue(
      "for i in 1 2 3 4 5; do head -c 65536; sleep 0.3; done > message; " +
        "cat >> message; cat <&1 > envelope",
      async (message, folder) => {
        await message.append(new Uint8Array(400_000));
        assertEquals((await committed(message)).type, "stored");
        const { size } = await Deno.stat(`${folder}/message`);
        assertEquals(size, 400_000);
      },
      1000,
    ),
);

Deno.test(
  "a write that waits for the program ends with the message",
  options,
  () =>
    withQueue("exec sleep 1", async (message) => {
      const writing = message.append(new Uint8Array(300_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await message.abandon();
      await writing;
    }),
);

Deno.test(
  "what was not read is not stored, whatever the exit code says",
  options,
  () =>
    withQueue("exit 0", async (message) => {
      for (let i = 0; i < 5; i++) await message.append(new Uint8Array(65536));
      const result = await committed(message);
      assertEquals(result.type === "later" && result.text, "qq read error");
    }),
);

/** Each leaves something of 20 bytes of message or 40 of envelope. */
const unread = [
  "sleep 0.1",
  "cat > /dev/null",
  "cat <&1 > /dev/null",
  "dd bs=1 count=19 of=/dev/null 2>/dev/null; cat <&1 > /dev/null",
  "cat > /dev/null; dd bs=1 count=39 <&1 of=/dev/null 2>/dev/null",
  "sleep 0.1; exec <&-; cat <&1 > /dev/null",
];

Deno.test(
  "what is left in a pipe is not stored, be it a byte, and the log says so",
  options,
  async () => {
    for (const script of unread) {
      const log: string[] = [];
      await withQueue(
        `${script}; exit 0`,
        async (opened) => {
          await opened.append(bytes("x".repeat(20)));
          const open = descriptorsOf(Deno.pid).length;
          const result = await committed(opened);
          assertEquals(
            result.type === "later" && result.text,
            "qq read error",
            script,
          );
          assertEquals(open - descriptorsOf(Deno.pid).length, 4, script);
        },
        undefined,
        log,
      );
      assertEquals(
        log.map((line) => line.slice(line.indexOf(" ") + 1)),
        ["ended with 0, but has not read all of message and envelope"],
      );
    }
  },
);

Deno.test(
  "a program that failed without reading gives its own reason",
  options,
  async () => {
    const log: string[] = [];
    await withQueue(
      "exit 31",
      async (message) => {
        await message.append(bytes("text"));
        const result = await committed(message);
        assertEquals(result.type === "never" && result.code, 554);
      },
      undefined,
      log,
    );
    assertEquals(log, []);
  },
);
