/**
 * The story of a shared queue in a real cluster of three: set up, looked at
 * with each trap that would lose mail, emptied by hand, and losing its nodes.
 * One cluster for all of it, since starting one takes half the time.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { QueueWatch } from "../../lib/queue/checks.ts";
import { framed } from "../../lib/queue/frame.ts";
import { queueOptions, usualSettings } from "../../lib/queue/options.ts";
import { queueUrl } from "../../lib/queue/url.ts";
import { makeCertificate } from "../support/certificate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import {
  type RabbitNode,
  rabbitPeers,
  withRabbit,
} from "../support/rabbitmq.ts";

/** What a test does to a broker, by the first node's management API. */
class Api {
  constructor(readonly node: RabbitNode) {}

  async say(method: string, path: string, body?: unknown): Promise<Response> {
    const url = `http://127.0.0.1:${this.node.managementPort}/api/${path}`;
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Basic ${btoa("guest:guest")}`,
        "content-type": "application/json",
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return new Response(text === "" ? "null" : text);
  }

  put = (path: string, body: unknown) => this.say("PUT", path, body);
  remove = (path: string) => this.say("DELETE", path);

  async publish(queue: string, body: Uint8Array): Promise<void> {
    const payload = btoa(String.fromCharCode(...body));
    const response = await this.say(
      "POST",
      "exchanges/%2F/amq.default/publish",
      {
        properties: { delivery_mode: 2 },
        ...{ routing_key: queue, payload, payload_encoding: "base64" },
      },
    );
    assertEquals(await response.json(), { routed: true });
  }
}

const message = (id: string, text: string, acceptedAt = 1) =>
  framed({
    ...{ id, sender: "a@b.example", recipients: ["\x9b@c.example"] },
    ...{ binary: false, acceptedAt, attempts: 9, due: 0 },
    client: { ip: "::1", host: null, helo: null, user: null, protocol: "SMTP" },
    troubles: { "\x9b@c.example": { code: 550, enhanced: "", text: "no" } },
  }, toBytes(text));

const user = "postern", password = "p w:";

class Site {
  readonly api: Api;
  readonly auth: string;
  readonly management: string;

  constructor(readonly nodes: readonly RabbitNode[], readonly folder: string) {
    this.api = new Api(nodes[0]);
    this.auth = `${folder}/auth`;
    this.management = nodes.map(({ managementPort }) =>
      `http://127.0.0.1:${managementPort}`
    ).join(",");
  }

  url(vhost = ""): string {
    const hosts = this.nodes.map(({ port }) => `127.0.0.1:${port}`);
    return `amqp://${hosts.join(",")}/${vhost}`;
  }

  /** As the manual page says that a user is made. */
  async makeUser(): Promise<void> {
    await this.api.put(`users/${user}`, { password, tags: "monitoring" });
    await this.permit("%2F");
    await Deno.writeTextFile(this.auth, `* ${user} ${password}\n`);
  }

  permit = (vhost: string) =>
    this.api.put(`permissions/${vhost}/${user}`, {
      ...{ configure: "^postern", write: ".*", read: "^postern" },
    });

  async #said(
    [name, ...words]: string[],
    url = this.url(),
    env: Record<string, string> = {},
  ): Promise<{ code: number; said: string }> {
    const place = ["--queue-management", this.management];
    const all = ["queue", name, "--queue-auth", this.auth, ...place, ...words];
    const hasId = name === "show" || name === "retry" || name === "drop";
    const at = hasId ? all.length - 1 : all.length;
    const args = [...all.slice(0, at), url, ...all.slice(at)];
    const { code, stdout, stderr } = await output(postern, args, { env });
    return { code, said: stdout + stderr };
  }

  /** What a subcommand says, which ends with a code. */
  async run(
    args: string[],
    code: number,
    url = this.url(),
    env: Record<string, string> = {},
  ): Promise<string> {
    const found = await this.#said(args, url, env);
    assertEquals(found.code, code, `${args}: ${found.said}`);
    return found.said;
  }

  /** Waits for the management API, which is behind by some seconds. */
  async #status(code: number, pattern: RegExp, words: string[]): Promise<void> {
    let found = { code: -1, said: "" };
    try {
      await until(`${pattern}`, async () => {
        found = await this.#said(["status", ...words]);
        const holds = found.code === code && pattern.test(found.said);
        if (!holds) await new Promise((over) => setTimeout(over, 400));
        return holds;
      });
    } catch {
      const { said } = found;
      throw new Error(`${found.code}, no match of ${pattern} in:\n${said}`);
    }
  }

  wrong = (pattern: RegExp, words: string[] = []) =>
    this.#status(1, pattern, words);

  well = (pattern = /ok +marker/, words: string[] = []) =>
    this.#status(0, pattern, words);
}

Deno.test("whatever is asked of a queue, a URL that is none is said to be", async () => {
  for (const words of ["setup x", "status x", "list x", "show x 1"]) {
    const { code, stderr } = await output(postern, [
      "queue",
      ...words.split(" "),
    ]);
    assertEquals(code, 100, stderr);
    assertMatch(stderr, /^postern queue: URL cannot be used: .*\n$/);
  }
});

Deno.test(
  needing(
    { peers: rabbitPeers, root: true },
    "a shared queue is set up, looked at with each trap, and survives a node",
  ),
  () =>
    inFolder((folder) =>
      withRabbit(folder, 3, async (nodes) => {
        const site = new Site(nodes, folder);
        await site.makeUser();
        await setUp(site);
        await traps(site);
        await strangers(site);
        await messages(site);
        await nodesLost(site);
      })
    ),
);

async function setUp(site: Site): Promise<void> {
  await site.wrong(/ok +alarms: none/); // nodes that have just started say so
  assertMatch(await site.run(["status"], 1), /-> postern queue setup amqp:/);
  assertMatch(await site.run(["list"], 1), /no such queue: postern queue set/);
  const few = await site.run(["setup", "--queue-members", "4"], 1);
  assertMatch(few, /3 of 3 nodes are running, 4 are wanted/);
  assertMatch(await site.run(["setup", "--dry-run"], 0), /would declare/);
  assertMatch(await site.run(["status"], 1), /no queue postern in the vhost/);

  // Within its first minute a queue is refused: it is not on all disks.
  const young = new Deno.Command(postern, {
    args: [
      ...["queue", "setup", "--queue-auth", site.auth],
      ...["--queue-management", site.management, site.url()],
    ],
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  await site.wrong(/ok +queue postern: quorum, on 3 nodes/);
  const refused = await site.run(["status"], 1);
  assertMatch(refused, /marker: .* too young to outlive a power cut/);
  assertEquals(refused.match(/WRONG/g)?.length, 1);
  young.kill("SIGKILL");
  await young.status;

  assertMatch(
    await site.run(["setup", "--wait", "1"], 0),
    /waiting 1 seconds[^]*gates and drains may use/,
  );
  await site.well();
  assertMatch(await site.run(["setup"], 0), /set up already/);
}

async function traps(site: Site): Promise<void> {
  const { api } = site;
  // All at once, since the management API is behind by seconds.
  const [node] = site.nodes;
  await node.control("set_vm_memory_high_watermark", "0.00001");
  const policies: [queue: string, unknown, RegExp][] = [
    ["postern", { "max-length": 500 }, /bound \(max-length\)/],
    ["postern.retry.1", { "message-ttl": 5000 }, /away after 5000 ms/],
    ["postern.retry.2", { expires: 600000 }, /not used for 600000 ms/],
    ["postern.retry.3", { overflow: "drop-head" }, /overflow drop-head/],
    ["postern.retry.4", { "delivery-limit": 0 }, /no positive delivery limit/],
  ];
  for (const [queue, definition] of policies) {
    const pattern = `^${queue}$`;
    const policy = { pattern, definition, "apply-to": "queues" };
    await api.put(`policies/%2F/p-${queue}`, policy);
  }
  await api.put("operator-policies/%2F/ops", {
    ...{ pattern: ".dead$", "apply-to": "queues" },
    definition: { "message-ttl": 1 },
  });
  for (const [queue, , told] of policies) {
    await site.wrong(
      new RegExp(
        `WRONG +queue ${queue}: .*${told.source}.*, by the policy p-${queue}\n` +
          ` +-> rabbitmqctl clear_policy p-${queue}\n`,
      ),
    );
  }
  await site.wrong(
    /postern.dead throws[^]*-> rabbitmqctl clear_operator_policy ops/,
  );
  await site.wrong(/the brokers take nothing: r1@localhost is short of memory/);
  const watch = watchOf(site);
  await assertRejects(
    () => watch.start(),
    Error,
    "(and 6 more: postern queue status",
  );
  assertMatch(watch.refusal!, /^the brokers take nothing: .*: rabbitmq-diag/);
  for (const [queue] of policies) {
    await api.remove(`policies/%2F/p-${queue}`);
  }
  await api.remove("operator-policies/%2F/ops");
  await node.control("set_vm_memory_high_watermark", "0.6");
  await site.well();
  await watch.start();
  assertEquals(watch.refusal, null);
  watch.close();

  // Queues that somebody else has made, or made otherwise.
  const others: [string, unknown, RegExp][] = [
    ["posternc", {}, /posternc is a queue of type classic: quorum is wanted/],
    [
      "posternd",
      { "x-queue-type": "quorum", "x-delivery-limit": -1 },
      /posternd has no positive delivery limit/,
    ],
    [
      "posternt",
      { "x-queue-type": "quorum", "x-message-ttl": 60000 },
      /posternt throws messages away after 60000 ms/,
    ],
  ];
  for (const [name, args, told] of others) {
    await api.put(`queues/%2F/${name}`, { durable: true, arguments: args });
    const prefix = ["--queue-prefix", name];
    const said = await site.run(["setup", "--wait", "0", ...prefix], 1);
    assertMatch(said, told);
    assertMatch(said, /-> when it is empty, rabbitmqctl delete_queue/);
    const status = await site.run(["status", ...prefix], 1);
    assertMatch(status, new RegExp(`no queue ${name}.dead in the vhost /`));
  }
  // Nobody sees more than the broker tells then, who knows the difference.
  const blind = ["--queue-management", "none"];
  const prefix = ["--queue-prefix", "posternc"];
  assertMatch(
    await site.run(["setup", "--wait", "0", ...blind, ...prefix], 1),
    /^[^]{0,40}not set up[^]*another queue posternc: .*inequivalent arg 'x-/,
  );

  // A queue that was there, and is gone: nobody makes it anew but a person.
  await api.remove("queues/%2F/postern.retry.3");
  await site.wrong(/there is no queue postern.retry.3 in the vhost \//);
  assertMatch(
    await site.run(["setup", "--wait", "1"], 0),
    /warning: postern.retry.3 was there once, and is gone with all mail/,
  );
  await site.well();

  // The marker is nobody's but setup's.
  await api.remove("exchanges/%2F/postern.ready");
  await api.put("exchanges/%2F/postern.ready", {
    ...{ type: "direct", durable: false },
  });
  await site.wrong(/postern.ready in the vhost \/ is not durable/);
  await api.remove("exchanges/%2F/postern.ready");
  await site.wrong(/there is no exchange postern.ready/);
  await site.run(["setup", "--wait", "0"], 0);

  // The same names in another vhost are other queues.
  const vhost = encodeURIComponent("a/b%");
  await api.put(`vhosts/${vhost}`, {});
  await site.permit(vhost);
  const other = await site.run(["status"], 1, site.url(vhost));
  assertMatch(other, /no queue postern in the vhost a\/b%$/m);
}

/** What a gate asks. */
const watchOf = (site: Site) =>
  new QueueWatch(
    queueOptions(queueUrl(site.url()), {
      ...usualSettings,
      management: site.management,
    }, {
      credentials: () => ({ user, password }),
      authorities: () => [],
    }),
    () => {},
  );

/** Whoever may not come in, or cannot be trusted. */
async function strangers(site: Site): Promise<void> {
  const { api, folder, nodes } = site;
  const nowhere = await site.run(["status"], 111, site.url("nowhere"));
  assertMatch(nowhere, /rabbitmqctl add_vhost/);
  const bad = `${folder}/bad`;
  await Deno.writeTextFile(bad, `* ${user} wrong\n`);
  assertMatch(
    await site.run(["status", "--queue-auth", bad], 111),
    /password is wrong: --queue-auth/,
  );
  const [{ port }] = nodes;
  assertMatch(
    await site.run(["status"], 111, `amqp://nobody@127.0.0.1:${port}`),
    /no password of nobody/,
  );
  await api.put(`users/${user}`, { password, tags: "" });
  assertMatch(
    await site.run(["status"], 1),
    /WRONG +management: [^]*-> rabbitmqctl set_user_tags postern monitoring/,
  );
  await api.put(`users/${user}`, { password, tags: "monitoring" });
  assertMatch(
    await site.run(["status", "--queue-management", "http://127.0.0.1:1"], 1),
    /WRONG +management: .*127.0.0.1:1: connection refused/,
  );
  const blind = await site.run(["status", "--queue-management", "none"], 0);
  assertMatch(blind, /nobody looks at members, policies and alarms/);
  const proxy = {
    http_proxy: "http://127.0.0.1:1",
    https_proxy: "http://127.0.0.1:1",
  };
  await site.run(["status"], 0, site.url(), proxy);

  const { certPath, keyPath } = await makeCertificate(folder);
  const cert = await Deno.readTextFile(certPath);
  const key = await Deno.readTextFile(keyPath);
  const listen = () =>
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const broker = listen(), management = listen();
  passOn(broker, port);
  passOn(management, nodes[0].managementPort);
  const url = `amqps://localhost:${portOf(broker)}`;
  const place = [
    ...["--queue-management", `https://localhost:${portOf(management)}`],
  ];
  assertMatch(
    await site.run(["status", ...place], 111, url),
    /--queue-ca FILE/,
  );
  const ca = ["--queue-ca", certPath];
  const trusted = await site.run(["status", ...place, ...ca], 0, url, proxy);
  assertMatch(trusted, /encryption: TLS, verified/);
  broker.close();
  management.close();
}

const portOf = ({ addr }: Deno.TlsListener) => (addr as Deno.NetAddr).port;

/** What a broker's own TLS would do. */
async function passOn(listener: Deno.TlsListener, port: number) {
  const ended = () => {}; // one of them has gone
  const connections = async () => {
    for await (const conn of listener) {
      const broker = await Deno.connect({ hostname: "127.0.0.1", port });
      conn.readable.pipeTo(broker.writable).catch(ended);
      broker.readable.pipeTo(conn.writable).catch(ended);
    }
  };
  await connections().catch(ended);
}

async function messages(site: Site): Promise<void> {
  const { api } = site;
  await api.publish("postern.dead", message("d-1", "A: \x1b[31m\n\nbody\n"));
  await api.publish("postern.dead", toBytes("not ours"));
  await api.publish("postern.dead", message("d-2", "B: b\n\nx\n", 2));
  await api.publish("postern.retry.2", message("r-1", "C: c\n\ny\n"));

  const list = await site.run(["list"], 0);
  assertMatch(list, /^d-1 .* from <a@b.example> to <\\x9b@c.example>$/m);
  assertMatch(list, /^ {4}<\\x9b@c.example>: 550 no$/m);
  const stranger = /^(x[\da-f]{16}) .* no message of ours: it does not begin/m
    .exec(list)?.[1];
  assert(stranger !== undefined, list);
  assertMatch(await site.run(["list", "--most", "2"], 0), /1 more: --most 3/);
  assertMatch(await site.run(["list", "--retry"], 0), /^r-1 +postern.retry.2/);
  assertEquals(await site.run(["list", "--ready"], 0), "");
  const { messages } = JSON.parse(
    await site.run(["list", "--format", "json"], 0),
  );
  assertEquals(messages.map(({ id }: { id: string }) => id), [
    ...["d-1", "d-2", stranger],
  ]);
  const shown = await site.run(["show", "d-1"], 0);
  assertMatch(shown, /^A: \\x1b\[31m$/m);
  assert(!shown.includes("body"), shown);
  const text = await site.run(["show", "--text", "d-1"], 0);
  assertEquals(text, "A: \x1b[31m\n\nbody\n");
  assertMatch(await site.run(["show", "r-1"], 1), /--retry or --ready looks/);

  await site.run(["drop", stranger], 100);
  assertMatch(
    await site.run(["drop", "--dry-run", stranger], 0),
    /would be thrown away/,
  );
  await site.run(["drop", "--yes", stranger], 0);
  assertMatch(await site.run(["drop", "--yes", stranger], 1), /not among/);
  const dry = await site.run(["retry", "--dry-run", "d-1"], 0);
  assertEquals(dry, "d-1: would be put to be delivered\n");
  await site.run(["retry", "d-1"], 0);
  await site.run(["retry", "--retry", "r-1"], 0);
  const [first, ...others] = JSON.parse(
    await site.run(["list", "--ready", "--format", "json"], 0),
  ).messages;
  assertEquals(others.map(({ id }: { id: string }) => id), ["r-1"]);
  assertEquals([first.id, first.attempts, first.troubles], ["d-1", 0, {}]);
  assert(first.acceptedAt > Date.now() - 60_000, `${first.acceptedAt}`);
  const left = await site.run(["list"], 0);
  assertMatch(left, /^d-2 /);
  assertEquals(left.match(/^\S/gm)?.length, 1);
  const status = await site.run(["status"], 0);
  assertMatch(status, /^postern +2 /m);

  // A queue that may be lost takes nothing, and the message stays.
  await api.remove("exchanges/%2F/postern.ready");
  assertMatch(await site.run(["retry", "d-2"], 111), /no exchange postern.rea/);
  await site.run(["setup", "--wait", "0"], 0);
  assertMatch(await site.run(["list"], 0), /^d-2 /);
}

async function nodesLost(site: Site): Promise<void> {
  const [, second, third] = site.nodes;
  await third.end();
  await site.well(/note +nodes: 2 of 3 .*down: r3@localhost/);
  await site.well(/queue postern: quorum, on 3 nodes, 2 online/);
  // It does for what is there, and not for what is to be made.
  assertMatch(
    await site.run(["setup", "--queue-prefix", "postern2"], 1),
    /2 nodes are running, 3 are wanted/,
  );
  await second.end();
  await until("there is no majority", async () => {
    const args = ["queue", "status", "--queue-auth", site.auth];
    const place = ["--queue-management", site.management, site.url()];
    const { code } = await output(postern, [...args, ...place]);
    return code === 111 || code === 1;
  });
}
