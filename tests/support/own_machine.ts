/**
 * This machine with folders, processes and devices of a test's own: what is
 * written to /etc, /var, /run and /service is gone afterwards, and so is all
 * that was started. The network is this machine's.
 *
 * @module
 */
import { inFolder, output } from "./peers.ts";

const setUp = `
mount -t tmpfs tmpfs "$1"
for place in etc var run; do
  mkdir -p "$1/$place/upper" "$1/$place/work"
  mount -t overlay -o "lowerdir=/$place,upperdir=$1/$place/upper,workdir=$1/$place/work" overlay "/$place"
done
mkdir "$1/dev"
for device in null zero full random urandom tty; do
  touch "$1/dev/$device"
  mount --bind "/dev/$device" "$1/dev/$device"
done
ln -s /proc/self/fd "$1/dev/fd"
mkdir "$1/dev/shm"
ln -s "$1/../log" "$1/dev/log"
mount --rbind "$1/dev" /dev
rm -rf /etc/service/* /service /run/service
echo ready
exec sleep 600
`;

type Outcome = Awaited<ReturnType<typeof output>>;

export class OwnMachine {
  private constructor(readonly pid: number, readonly folder: string) {}

  /** Runs `fn` on one. What it leaves running is killed. */
  static async with(fn: (machine: OwnMachine) => Promise<void>): Promise<void> {
    await inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/own`);
      const holder = new Deno.Command("unshare", {
        args: [
          ...["--mount", "--propagation", "private", "--pid", "--fork"],
          ...["--kill-child", "--mount-proc"],
          ...["sh", "-ec", setUp, "sh", `${folder}/own`],
        ],
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const reader = holder.stdout.getReader();
      try {
        const { done } = await reader.read();
        if (done) throw new Error("unshare could not make a machine");
        const children = await Deno.readTextFile(
          `/proc/${holder.pid}/task/${holder.pid}/children`,
        );
        await fn(new OwnMachine(Number(children.trim()), folder));
      } finally {
        holder.kill("SIGKILL");
        await holder.status;
        await reader.cancel();
      }
    });
  }

  /** Arguments by which a command is run there. */
  enter(command: readonly string[]): string[] {
    return ["-t", String(this.pid), "-m", "-p", ...command];
  }

  run(...command: string[]): Promise<Outcome> {
    return output("nsenter", this.enter(command));
  }

  sh(script: string): Promise<Outcome> {
    return this.run("/bin/sh", "-c", script);
  }

  /** Starts what stays, with nothing on its descriptors. */
  start(...command: string[]): Deno.ChildProcess {
    return new Deno.Command("nsenter", {
      args: this.enter(command),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /**
   * Runs `fn` with somebody at /dev/log.
   *
   * @param fn is given what was said so far
   */
  async withSyslog(fn: (said: () => string) => Promise<void>): Promise<void> {
    const path = `${this.folder}/log`;
    const socket = Deno.listenDatagram({ transport: "unixpacket", path });
    await Deno.chmod(path, 0o666);
    let said = "";
    const heard = (async () => {
      for await (const [bytes] of socket) {
        said += `${new TextDecoder().decode(bytes)}\n`;
      }
    })();
    try {
      await fn(() => said);
    } finally {
      socket.close();
      await heard;
    }
  }

  /** A file's text, "" while there is none. */
  async text(path: string): Promise<string> {
    return (await this.run("cat", path)).stdout;
  }

  /** All that lies at paths, a line each, with what is in the files. */
  async listing(...paths: string[]): Promise<string[]> {
    const { stdout } = await this.sh(
      `find ${paths.join(" ")} -type f -exec md5sum {} + ; ` +
        `find ${paths.join(" ")} -printf '%p %y %m %l\\n'`,
    );
    return stdout.trim().split("\n").sort();
  }
}
