/**
 * Real mail servers as relays in front of a gate: each with a configuration, a
 * queue and a port of its own in a folder.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { output, peer, until } from "./peers.ts";

const privateRoot = fileURLToPath(new URL("private_root.sh", import.meta.url));

/** Where one listens and where it relays to, both on 127.0.0.1. */
export interface Route {
  readonly folder: string;
  readonly port: number;
  readonly next: number;
}

export interface Relay {
  readonly name: string;
  readonly peers: readonly string[];
  /** The trace that it leaves. */
  readonly received: RegExp;
  /** What its log, at that path, says of each delivery. */
  readonly sent: { readonly path: string; readonly line: RegExp };
  /** Writes its files; resolves to the command that runs it. */
  prepare(route: Route): Promise<string[]>;
}

/** Runs `fn` while a relay runs, with its pid; its log is told if that fails. */
export async function withRelay(
  relay: Relay,
  route: Route,
  fn: (pid: number) => Promise<void>,
): Promise<void> {
  const [program, ...args] = await relay.prepare(route);
  const logPath = `${route.folder}/log`;
  const child = new Deno.Command(program, {
    args,
    cwd: route.folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log = await Deno.open(logPath, { create: true, append: true });
  const options = { preventClose: true };
  const piped = Promise.all([
    child.stdout.pipeTo(log.writable, options),
    child.stderr.pipeTo(
      new WritableStream({
        write: (bytes) => Deno.writeFile(logPath, bytes, { append: true }),
      }),
    ),
  ]);
  try {
    await until(`${relay.name} listens`, async () => {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port: route.port }))
          .close();
        return true;
      } catch {
        return false;
      }
    });
    await fn(child.pid);
  } catch (error) {
    const said = await Deno.readTextFile(logPath);
    throw new Error(`${relay.name} said:\n${said.slice(-4000)}`, {
      cause: error,
    });
  } finally {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself; its log tells why.
    }
    await child.status;
    // Its children have these open until they end, too.
    await Promise.race([
      piped.catch(() => {}),
      new Promise((over) => setTimeout(over, 3000)),
    ]);
  }
}

/** A port that nobody has just now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Folders, and files with their texts, below a folder. */
async function write(
  folder: string,
  files: Record<string, string>,
): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const whole = `${folder}/${path}`;
    await Deno.mkdir(whole.slice(0, whole.lastIndexOf("/")), {
      recursive: true,
    });
    if (!path.endsWith("/")) await Deno.writeTextFile(whole, text);
  }
}

/** The machine's users, and more who exist in a private root only. */
async function writeUsers(folder: string, names: string[]): Promise<void> {
  let passwd = await Deno.readTextFile("/etc/passwd");
  let group = await Deno.readTextFile("/etc/group");
  names.forEach((name, i) => {
    const id = 64100 + i;
    passwd += `${name}:x:${id}:${id}::/nonexistent:/usr/sbin/nologin\n`;
    group += `${name}:x:${id}:\n`;
  });
  await write(folder, { "etc/passwd": passwd, "etc/group": group });
}

export const postfix: Relay = {
  name: "Postfix",
  peers: ["postfix", "master"],
  received: /by postfix\.example \(Postfix\)/,
  sent: { path: "maillog", line: /status=sent \(250 2\.0\.0 ok / },
  async prepare({ folder, port, next }) {
    await write(folder, {
      "data/": "",
      "queue/": "",
      "etc/main.cf": `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/maillog
maillog_file_prefixes = ${folder}
myhostname = postfix.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
relayhost = [127.0.0.1]:${next}
smtp_tls_security_level = encrypt
smtp_tls_loglevel = 1
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_authorized_xclient_hosts = 127.0.0.1
minimal_backoff_time = 1s
queue_run_delay = 2s
`,
      "etc/master.cf": `127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`,
    });
    const { code } = await output("chown", ["postfix", `${folder}/data`]);
    if (code !== 0) throw new Error("there is no user postfix");
    const check = await output(peer("postfix")!, [
      ...["-c", `${folder}/etc`, "check"],
    ]);
    if (check.code !== 0) throw new Error(`postfix check: ${check.stderr}`);
    return [peer("master")!, "-c", `${folder}/etc`, "-d"];
  },
};

export const exim: Relay = {
  name: "exim",
  peers: ["exim4", "unshare"],
  received: /by exim\.example with /,
  // K: in chunks (BDAT); X: over TLS.
  sent: { path: "var/spool/exim4/mainlog", line: / => b.* X=TLS.* K / },
  async prepare({ folder, port, next }) {
    await writeUsers(folder, ["Debian-exim"]);
    // It executes itself again as another user, who cannot enter the cache.
    const program = `${folder}/exim4`;
    await Deno.copyFile(peer("exim4")!, program);
    await Deno.chmod(program, 0o755);
    await write(folder, {
      "var/lib/exim4/config.autogenerated": `primary_hostname = exim.example
exim_path = ${program}
deliver_drop_privilege
spool_directory = /var/spool/exim4
log_file_path = /var/spool/exim4/%slog
daemon_smtp_ports = ${port}
local_interfaces = 127.0.0.1
acl_smtp_rcpt = everybody
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_queue_per_connection = 0
message_size_limit = 50M
begin acl
everybody:
  accept
begin routers
next:
  driver = manualroute
  route_list = * 127.0.0.1::${next} byname
  self = send
  transport = smtp
begin transports
smtp:
  driver = smtp
  allow_localhost
  hosts_require_tls = *
  tls_verify_hosts =
  tls_try_verify_hosts =
  hosts_try_chunking = *
begin retry
* * F,1h,1s
`,
      "var/spool/exim4/": "",
    });
    await Deno.chown(`${folder}/var/spool/exim4`, 64100, 64100);
    return [privateRoot, folder, program, "-bdf", "-q2s"];
  },
};

export const openSmtpd: Relay = {
  name: "OpenSMTPD",
  peers: ["smtpd", "unshare"],
  received: /by opensmtpd\.example \(OpenSMTPD\)/,
  sent: { path: "log", line: / mta delivery .* result="Ok" / },
  async prepare({ folder, port, next }) {
    await writeUsers(folder, ["opensmtpd", "opensmtpq"]);
    await write(folder, {
      "smtpd.conf": `smtp max-message-size 50M
listen on 127.0.0.1 port ${port} hostname opensmtpd.example
action next relay host smtp+tls://127.0.0.1:${next} tls no-verify helo opensmtpd.example
match from any for any action next
`,
      "var/lib/opensmtpd/empty/": "",
      "var/spool/": "",
      "run/": "",
      "usr/libexec/": "",
    });
    const smtpd = peer("smtpd")!;
    return [privateRoot, folder, smtpd, "-d", "-f", `${folder}/smtpd.conf`];
  },
};
