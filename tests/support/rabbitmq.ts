/**
 * A RabbitMQ cluster of a test's own: nodes on loopback, in folders of their
 * own, with a cookie of their own. None of it is the machine's.
 *
 * @module
 */
import { output, until } from "./peers.ts";
import { freePort } from "./relays.ts";

export const rabbitPeers = ["rabbitmq-server", "erl"];

const server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const control = "/usr/lib/rabbitmq/bin/rabbitmqctl";

export class RabbitNode {
  #child: Deno.ChildProcess | null = null;
  readonly port = freePort();
  readonly managementPort = freePort();
  readonly #distributionPort = freePort();
  readonly #controlPort = freePort();

  constructor(
    readonly name: string,
    readonly folder: string,
    readonly epmdPort: number,
  ) {}

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  get managementUrl(): string {
    return `http://guest:guest@127.0.0.1:${this.managementPort}`;
  }

  /** Of the Erlang machine; null while it is not running. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get #env(): Record<string, string> {
    const { folder, name } = this;
    return {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      HOME: folder,
      LANG: "C.UTF-8",
      RABBITMQ_NODENAME: `${name}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
      RABBITMQ_NODE_PORT: `${this.port}`,
      RABBITMQ_DIST_PORT: `${this.#distributionPort}`,
      RABBITMQ_CTL_DIST_PORT_MIN: `${this.#controlPort}`,
      RABBITMQ_CTL_DIST_PORT_MAX: `${this.#controlPort}`,
      RABBITMQ_MNESIA_BASE: `${folder}/mnesia`,
      RABBITMQ_LOG_BASE: `${folder}/log`,
      RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
      RABBITMQ_PID_FILE: `${folder}/pid`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 +A 4 -kernel " +
        "inet_dist_use_interface {127,0,0,1}",
      ERL_EPMD_ADDRESS: "127.0.0.1",
      ERL_EPMD_PORT: `${this.epmdPort}`,
    };
  }

  /** @param more lines of its configuration */
  async prepare(
    peers: readonly string[],
    more: readonly string[] = [],
  ): Promise<void> {
    const { folder } = this;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/.erlang.cookie`, "POSTERNTEST");
    await Deno.chmod(`${folder}/.erlang.cookie`, 0o400);
    await Deno.writeTextFile(
      `${folder}/enabled_plugins`,
      "[rabbitmq_management].\n",
    );
    await Deno.writeTextFile(
      `${folder}/rabbitmq.conf`,
      [
        "cluster_partition_handling = pause_minority",
        "cluster_formation.peer_discovery_backend = classic_config",
        // Nobody waits longer for the others than it takes.
        "cluster_formation.discovery_retry_interval = 100",
        ...peers.map((each, i) =>
          `cluster_formation.classic_config.nodes.${i + 1} = ${each}@localhost`
        ),
        "management.tcp.ip = 127.0.0.1",
        `management.tcp.port = ${this.managementPort}`,
        "vm_memory_high_watermark.absolute = 1GB",
        "disk_free_limit.absolute = 50MB",
        "log.console = false",
        "log.file.level = warning",
        ...more,
        "",
      ].join("\n"),
    );
  }

  /** Starts it, as a cluster's first or as another one; it may not be up yet. */
  start(): void {
    this.#child = new Deno.Command(server, {
      env: this.#env,
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Waits until it takes connections. */
  async up(seconds = 90): Promise<void> {
    await until(`${this.name} is up`, async () => {
      try {
        const { hostname, port } = { hostname: "127.0.0.1", port: this.port };
        (await Deno.connect({ hostname, port })).close();
        const url = `http://127.0.0.1:${this.managementPort}/api/overview`;
        const response = await fetch(url, {
          headers: { authorization: `Basic ${btoa("guest:guest")}` },
        });
        await response.body?.cancel();
        return response.ok;
      } catch {
        return false; // not yet
      }
    }, seconds);
  }

  /** What rabbitmqctl says. */
  async control(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await output(
      control,
      ["-n", `${this.name}@localhost`, ...args],
      { env: this.#env, clearEnv: true },
    );
    if (code !== 0) throw new Error(`rabbitmqctl: ${stderr}${stdout}`);
    return stdout;
  }

  async end(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    sendTo(child.pid, signal);
    await child.status;
  }

  /** All of its processes stand still, when this is over, until `goOn`. */
  async hang(): Promise<void> {
    const { pid } = this.#child!;
    sendTo(pid, "SIGSTOP");
    await until(
      `${this.name} stands still`,
      () => [pid, ...descendants(pid)].every((each) => stateOf(each) === "T"),
    );
  }

  goOn(): void {
    if (this.#child !== null) sendTo(this.#child.pid, "SIGCONT");
  }
}

function sendTo(shell: number, signal: Deno.Signal): void {
  for (const pid of [...descendants(shell), shell]) {
    try {
      Deno.kill(pid, signal);
    } catch {
      // It has ended with the others.
    }
  }
}

/** proc(5): T is stopped, which a busy machine takes its time for. */
const stateOf = (pid: number) =>
  /^State:\s+(\S)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];

/** The shell that starts it has the Erlang machine as its child. */
function descendants(pid: number): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(parent) === pid) {
        found.push(...descendants(Number(name)), Number(name));
      }
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/**
 * Runs `fn` with so many nodes that know each other.
 *
 * @param more lines of each one's configuration
 */
export async function withRabbit(
  folder: string,
  count: number,
  fn: (nodes: readonly RabbitNode[]) => Promise<void>,
  more: (node: RabbitNode) => readonly string[] = () => [],
): Promise<void> {
  const epmdPort = freePort();
  const epmd = new Deno.Command("epmd", {
    env: { ERL_EPMD_ADDRESS: "127.0.0.1", ERL_EPMD_PORT: `${epmdPort}` },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const names = Array.from({ length: count }, (_, i) => `r${i + 1}`);
  const nodes = names.map((name) =>
    new RabbitNode(name, `${folder}/${name}`, epmdPort)
  );
  try {
    for (const node of nodes) await node.prepare(names, more(node));
    for (const node of nodes) node.start();
    for (const node of nodes) await node.up();
    await fn(nodes);
  } finally {
    for (const node of nodes) await node.end();
    try {
      epmd.kill("SIGKILL");
    } catch {
      // It could not start.
    }
    await epmd.status;
  }
}
