/**
 * A gate that can be looked at: by a browser, by Prometheus, in a terminal.
 */
import axe from "axe-core";
import puppeteer, { type Page } from "puppeteer-core";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGate, withGate } from "../support/gate.ts";
import {
  inFolder,
  needing,
  output,
  peer,
  postern,
  until,
} from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { freePort } from "../../scripts/bench/contestant.ts";

const smtpd = ["smtpd", "--me", "localhost", "--deliver", "discard"];
const gateAt = (place: string, ...more: string[]) => [
  ...["-v", "-RHl0", "--metrics", place, ...more, "127.0.0.1", "0", ...smtpd],
];

const hostile = "<script>alert(1)</script>";

/** Speaks until a message is stored, a recipient refused, and stays. */
async function visit(port: number): Promise<SmtpClient> {
  const client = await SmtpClient.connect(port);
  await client.reply();
  for (
    const line of [
      `EHLO ${hostile}`,
      "MAIL FROM:<a@a.example>",
      "RCPT TO:<b@elsewhere.example>",
      "RCPT TO:<b@localhost>",
      "DATA",
      "Subject: x\r\n\r\nx\r\n.",
    ]
  ) {
    await client.send(`${line}\r\n`);
    await client.reply();
  }
  return client;
}

async function textAt(url: string): Promise<string> {
  const reply = await fetch(url);
  return await reply.text();
}

for (const workers of [1, 2]) {
  Deno.test(
    needing({ peers: ["promtool"] }, `${workers} workers have one page`),
    async () => {
      const place = `127.0.0.1:${freePort()}`;
      const args = gateAt(place, "--workers", `${workers}`);
      await withGate(args, {}, async ({ port }) => {
        const clients: SmtpClient[] = [];
        // The kernel spreads them.
        for (let i = 0; i < 8; i++) clients.push(await visit(port));
        const url = `http://${place}`;
        const has = async (line: string) =>
          (await textAt(`${url}/metrics`)).split("\n").includes(line);
        await until("all messages are counted", () =>
          has(
            'postern_messages_total{target="discard",outcome="stored"} 8',
          ));
        assert(await has("postern_sessions 8"));
        assert(await has("postern_sessions_limit 40"));
        assert(
          await has(
            'postern_recipients_refused_total{by="rcpthosts",outcome="never"} 8',
          ),
        );
        const metrics = await textAt(`${url}/metrics`);
        const [, replies] = /postern_replies_total\{class="5xx"\} (\d+)/
          .exec(metrics)!;
        assertEquals(replies, "8");
        const checked = await output(peer("promtool")!, ["check", "metrics"], {
          stdin: metrics,
        });
        assertEquals(checked, { code: 0, stdout: "", stderr: "" });
        const page = await textAt(url);
        assertEquals(page.match(/&lt;script&gt;alert\(1\)/g)?.length, 8);
        assert(!page.includes(hostile));
        assertMatch(page, /Connected now: 8/);
        for (const { conn } of clients) conn.close();
        await until("they are gone", () => has("postern_sessions 0"));
      });
    },
  );
}

Deno.test(
  needing({}, "a terminal shows the same, from a socket"),
  () =>
    inFolder(async (folder) => {
      const place = `unix:${folder}/socket`;
      await withGate(gateAt(place), {}, async (gate) => {
        const client = await visit(gate.port);
        const { code, stdout, stderr } = await output(postern, ["top", place]);
        assertEquals([code, stderr], [0, ""]);
        assertMatch(stdout, /connections 1 of 40/);
        assertMatch(stdout, /^127\.0\.0\.1 .*<script>.* says nothing$/m);
        assertMatch(stdout, /recipient +553 5\.7\.1/);
        // deno-lint-ignore no-control-regex
        assert(!/\x1b/.test(stdout));
        client.conn.close();
        assertEquals((await gate.stop()).code, 0);
      });
      assertEquals([...Deno.readDirSync(folder)], []);
      const gone = await output(postern, ["top", place]);
      assertEquals(gone.code, 111);
      assertMatch(gone.stderr, /unable to ask unix:/);
    }),
);

Deno.test(
  needing({}, "the rules are asked about an address"),
  () =>
    inFolder(async (folder) => {
      await output(postern, [
        ...["rules", "compile", "-o", `${folder}/cdb`, "-"],
      ], { stdin: "10.:deny\n:allow\n" });
      const place = `127.0.0.1:${freePort()}`;
      await withGate(gateAt(place, "-x", `${folder}/cdb`), {}, async () => {
        const text = await textAt(`http://${place}/?address=10.1.2.3`);
        assertMatch(text, /decision {2}deny\n/);
        assertMatch(text, /rule {6}&quot;10\.&quot;/);
      });
    }),
);

Deno.test(needing({}, "who may not look is told how to"), async () => {
  const open = await output(postern, ["serve", ...gateAt("0.0.0.0:9")]);
  assertEquals(open.code, 100);
  assertMatch(open.stderr, /open to other machines/);
  await inFolder(async (folder) => {
    const token = `${folder}/token`;
    await Deno.writeTextFile(token, "0123456789abcdef\n", { mode: 0o600 });
    const place = `0.0.0.0:${freePort()}`;
    const args = gateAt(place, "--metrics-token", token);
    await withGate(args, {}, async () => {
      const url = `http://127.0.0.1:${place.split(":")[1]}/`;
      const without = await fetch(url);
      assertEquals(without.status, 401);
      await without.body?.cancel();
      const address = url.slice("http://".length, -1);
      const top = await output(postern, ["top", "--token", token, address]);
      assertEquals(top.code, 0, top.stderr);
    });
  });
});

Deno.test(
  needing(
    { root: true },
    "the place is opened with the ids of those who serve",
  ),
  () =>
    inFolder(async (folder) => {
      const token = `${folder}/token`;
      await Deno.writeTextFile(token, "0123456789abcdef\n", { mode: 0o600 });
      await Deno.mkdir(`${folder}/run`);
      await Deno.chown(`${folder}/run`, 65534, 65534);
      const place = `unix:${folder}/run/socket`;
      const args = ["-u65534", "-g65534", "--metrics-token", token];
      await withGate(gateAt(place, ...args), {}, async (gate) => {
        const { uid } = Deno.statSync(`${folder}/run/socket`);
        assertEquals(uid, 65534);
        const top = await output(postern, ["top", "--token", token, place]);
        assertEquals(top.code, 0, top.stderr);
        assertEquals((await gate.stop()).code, 0);
      });
      await output(postern, [
        ...["serve", ...gateAt(`unix:${folder}/socket`, ...args)],
      ]).then(({ code, stderr }) => {
        assertEquals(code, 111);
        assertMatch(stderr, /unable to listen at --metrics unix:.*access/);
      });
    }),
);

Deno.test(
  needing({}, "what a killed gate has left is taken over"),
  () =>
    inFolder(async (folder) => {
      const place = `unix:${folder}/socket`;
      const killed = await TestGate.start(gateAt(place));
      await killed.stop("SIGKILL");
      await withGate(gateAt(place), {}, async () => {
        assertEquals((await output(postern, ["top", place])).code, 0);
      });
      await Deno.writeTextFile(`${folder}/file`, "precious");
      const { code } = await output(postern, [
        ...["serve", ...gateAt(`unix:${folder}/file`)],
      ]);
      assertEquals(code, 100);
      assertEquals(await Deno.readTextFile(`${folder}/file`), "precious");
    }),
);

Deno.test(
  needing({}, "a place that another has is left alone, and --check says so"),
  () =>
    inFolder(async (folder) => {
      const socket = `unix:${folder}/socket`;
      await withGate(gateAt(socket), {}, async () => {
        const second = await output(postern, ["serve", ...gateAt(socket)]);
        assertEquals(second.code, 111);
        assertMatch(second.stderr, /listen at --metrics unix:.*it is in use/);
        assertEquals((await output(postern, ["top", socket])).code, 0);
        // It may well be the gate that is to be started again.
        assertEquals(await problemsOf(socket), []);
      });
      using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const taken = `127.0.0.1:${(other.addr as Deno.NetAddr).port}`;
      other.accept().then((conn) => conn.close()).catch(() => {});
      await Deno.writeTextFile(`${folder}/file`, "short\n");
      const free = `unix:${folder}/free`;
      for (
        const [place, words, ...more] of [
          [taken, `unable to listen at --metrics ${taken}: `],
          [`unix:${folder}/none/x`, "file does not exist"],
          [`unix:${folder}/file`, "is no socket"],
          [`unix:${folder}/${"x".repeat(108)}`, "107 bytes at the most"],
          [free, "line 1: the token", "--metrics-token", `${folder}/file`],
          [free, "unable to read", "--metrics-token", `${folder}/none`],
        ]
      ) {
        const lines = await problemsOf(place, ...more);
        assertEquals(lines.length, 1, `${place}: ${lines.join("\n")}`);
        assert(lines[0].includes(words), lines[0]);
      }
      assertEquals(await problemsOf(free), []);
    }),
);

/** What --check says of a place. */
async function problemsOf(place: string, ...more: string[]): Promise<string[]> {
  const { stderr } = await output(postern, [
    ...["serve", "--check", ...gateAt(place, ...more)],
  ]);
  return stderr.split("\n").filter((line) =>
    line.includes("--metrics") ||
    /token|unable to read/.test(line)
  );
}

Deno.test(
  needing({}, "strangers at the place take no descriptors, nor the process"),
  async () => {
    const place = `127.0.0.1:${freePort()}`;
    await withGate(gateAt(place), {}, async (gate) => {
      const [hostname, port] = place.split(":");
      const silent: Deno.Conn[] = [];
      for (let i = 0; i < 200; i++) {
        silent.push(await Deno.connect({ hostname, port: Number(port) }));
      }
      await until("all but some have to go", async () => {
        const metrics = await textAt(`http://${place}/metrics`);
        const open = Number(/^process_open_fds (\d+)$/m.exec(metrics)?.[1]);
        return open < 100;
      });
      const client = await visit(gate.port);
      client.conn.close();
      assertEquals((await gate.stop()).code, 0);
      for (const conn of silent) conn.close();
    });
  },
);

Deno.test(
  needing({}, "a worker that was killed has its numbers again"),
  async () => {
    const place = `127.0.0.1:${freePort()}`;
    await withGate(gateAt(place, "--workers", "2"), {}, async (gate) => {
      for (let i = 0; i < 8; i++) (await visit(gate.port)).conn.close();
      const stored =
        'postern_messages_total{target="discard",outcome="stored"} 8';
      const has = () =>
        textAt(`http://${place}/metrics`).then(
          (text) => text.includes(stored),
          () => false, // nobody answers
        );
      await until("all are counted", has);
      // Each has told the other of it.
      await new Promise((over) => setTimeout(over, 1200));
      const { pid } = gate.child;
      const workers = (await Deno.readTextFile(
        `/proc/${pid}/task/${pid}/children`,
      )).trim().split(" ").map(Number);
      for (const worker of workers) Deno.kill(worker, "SIGKILL");
      await until("they are back, and so are the numbers", has);
    });
  },
);

/** What a checker of accessibility finds. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  // deno-lint-ignore no-explicit-any
  const found = await page.evaluate("axe.run()") as any;
  return found.violations.map((each: { id: string }) => each.id);
}

Deno.test(
  needing(
    { peers: ["chromium"] },
    "a browser shows it, runs nothing of a stranger's, and renews it",
  ),
  async () => {
    const place = `127.0.0.1:${freePort()}`;
    const args = gateAt(place);
    await withGate(args, {}, async ({ port }) => {
      const client = await visit(port);
      const browser = await puppeteer.launch({
        executablePath: peer("chromium")!,
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
      });
      try {
        const page = await browser.newPage();
        const complaints: string[] = [];
        page.on("dialog", (dialog) => {
          complaints.push(dialog.message());
          dialog.dismiss();
        });
        page.on("console", (line) => complaints.push(line.text()));
        page.on("pageerror", (error) => complaints.push(String(error)));
        await page.goto(`http://${place}/?address=192.0.2.1`);
        const shown = () => page.$eval("#facts", (el) => el.textContent!);
        assertMatch(await shown(), /<script>alert\(1\)<\/script>/);
        client.conn.close();
        await until(
          "it renews itself",
          async () => /Connected now: 0/.test(await shown()),
        );
        assertEquals(complaints, []);
        const wide = await page.evaluate(
          "document.documentElement.scrollWidth <= innerWidth",
        );
        await page.setViewport({ width: 360, height: 700 });
        const narrow = await page.evaluate(
          "document.documentElement.scrollWidth <= innerWidth",
        );
        assertEquals([wide, narrow], [true, true]);
        for (const value of ["light", "dark"]) {
          const other = await browser.newPage();
          await other.emulateMediaFeatures([
            { name: "prefers-color-scheme", value },
          ]);
          await other.setBypassCSP(true); // the checker is put into the page
          await other.goto(`http://${place}/?address=192.0.2.1`);
          assertEquals(await violations(other), [], value);
        }
        const bare = await browser.newPage();
        await bare.setJavaScriptEnabled(false);
        await bare.goto(`http://${place}/`);
        const text = await bare.$eval("body", (el) => el.textContent!);
        assertMatch(text, /Refused lately/);
      } finally {
        await browser.close();
      }
    });
  },
);
