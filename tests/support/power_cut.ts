/**
 * Folders that lose, all at once, what was not synced: each on an ext4 of its
 * own in a loop device, which is shut down as a power cut would do it.
 *
 * @module
 */
import { output } from "./peers.ts";

/** ext4.h: EXT4_IOC_SHUTDOWN, without writing the journal out before. */
const cut = `
import fcntl, os, struct, sys
fds = [os.open(path, os.O_RDONLY) for path in sys.argv[1:]]
for fd in fds: fcntl.ioctl(fd, 0x8004587d, struct.pack("I", 2))
`;

async function ask(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await output(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}

/** Why this machine cannot cut a folder's power; null if it can. */
export async function whyNoPowerCut(): Promise<string | null> {
  if (Deno.uid() !== 0) return "root";
  const folder = await Deno.makeTempDir();
  try {
    await using disk = new Disk(`${folder}/disk`, `${folder}/place`);
    await disk.make();
    await cutPower([disk]);
    return null;
  } catch {
    return "loop devices with ext4 that can be shut down";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export class Disk {
  constructor(readonly file: string, readonly folder: string) {}

  async make(): Promise<void> {
    await Deno.mkdir(this.folder, { recursive: true });
    await ask("truncate", "-s", "512M", this.file);
    await ask("mkfs.ext4", "-q", this.file);
    await this.mount();
  }

  /** After a cut: as a machine does that starts again. */
  mount = () => ask("mount", "-o", "loop", this.file, this.folder);
  unmount = () => ask("umount", this.folder);

  async [Symbol.asyncDispose](): Promise<void> {
    await output("umount", ["-l", this.folder]);
  }
}

/** From now on nothing is written to any of them. */
export const cutPower = (disks: readonly Disk[]) =>
  ask("python3", "-c", cut, ...disks.map(({ folder }) => folder));
