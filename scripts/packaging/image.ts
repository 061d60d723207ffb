/**
 * A container image, made without a daemon: the C library in one layer, postern
 * in another, and nothing else; no shell. It runs as a plain user.
 *
 * Authorities for TLS to other servers are inside the executable, so are the
 * names of ports, and no other time zone than UTC is told: the image needs no
 * certificates, services or zones.
 *
 * @module
 */
import { root } from "../build/run.ts";
import { layLibraries } from "./image_base.ts";
import { type ImageConfig, ImageLayout } from "./image_layout.ts";
import type { Release } from "./release.ts";
import { sameArchive, stdoutOf } from "./tools.ts";

/** A number, which is what is looked at where root is forbidden. */
const user = 65532;

const home = "/var/lib/postern";
const config = "/etc/postern/postern.toml";
/** Of --metrics in the example configuration; inside the container only. */
const statusPlace = "127.0.0.1:9025";
const secondNs = 1e9;

/** Makes it in a folder, as an archive of its layout; returns its path. */
export async function makeImage(
  release: Release,
  folder: string,
  work: string,
): Promise<string> {
  const { version, architecture, epochSeconds } = release;
  const same = sameArchive(epochSeconds);
  const layout = new ImageLayout(`${work}/layout`);

  await Deno.mkdir(`${work}/base`);
  await layLibraries(`${work}/base`, architecture);
  const base = `${work}/base.tar`;
  await stdoutOf("tar", ["-cf", base, "-C", `${work}/base`, ...same, "."]);
  await layout.addLayer(base, "the C library");

  await layPostern(`${work}/postern`, release);
  const layer = `${work}/postern.tar`;
  const inPostern = ["-C", `${work}/postern`];
  const own = `.${home}`;
  await stdoutOf("tar", [
    ...["-cf", layer, ...inPostern, ...same],
    ...[`--exclude=${own}`, "."],
  ]);
  // What the user owns; the last word of an option counts.
  await stdoutOf("tar", [
    ...["-rf", layer, ...inPostern, ...same],
    ...[`--owner=${user}`, `--group=${user}`, own],
  ]);
  await layout.addLayer(layer, `postern ${version}`);

  await layout.finish(imageConfig(release), version);
  const path = `${folder}/postern-${version}-${architecture.name}.oci.tar`;
  await stdoutOf("tar", [
    ...["-cf", path, "-C", layout.folder, ...same],
    ...["blobs", "index.json", "oci-layout"],
  ]);
  return path;
}

async function layPostern(folder: string, release: Release): Promise<void> {
  for (
    const path of [
      ...["usr/bin", "usr/share/doc/postern", "etc/postern", "tmp"],
      home.slice(1),
    ]
  ) await Deno.mkdir(`${folder}/${path}`, { recursive: true });
  const put = async (from: string, to: string, mode = 0o644) => {
    await Deno.copyFile(from, folder + to);
    await Deno.chmod(folder + to, mode);
  };
  const write = (path: string, text: string) =>
    Deno.writeTextFile(folder + path, text);
  await put(release.executable, "/usr/bin/postern", 0o755);
  await put(release.notices, "/usr/share/doc/postern/NOTICES");
  await put(`${root}/LICENSE`, "/usr/share/doc/postern/LICENSE");
  await put(`${root}/scripts/packaging/example/container.toml`, config);
  await write(
    "/etc/passwd",
    "root:x:0:0:root:/:/sbin/nologin\n" +
      `postern:x:${user}:${user}:postern:${home}:/sbin/nologin\n`,
  );
  await write("/etc/group", `root:x:0:\npostern:x:${user}:\n`);
  await write("/etc/nsswitch.conf", "hosts: files dns\n");
  await Deno.chmod(`${folder}/tmp`, 0o1777);
  await Deno.chmod(folder + home, 0o750);
}

function imageConfig(release: Release): ImageConfig {
  const created = new Date(release.epochSeconds * 1000).toISOString()
    .replace(".000Z", "Z");
  return {
    created,
    architecture: release.architecture.oci,
    os: "linux",
    config: {
      User: `${user}:${user}`,
      ExposedPorts: { "2525/tcp": {} },
      // No Volumes: some runtimes would put a tmpfs there, and lose mail that
      // was acknowledged. Whoever keeps mail mounts a folder of theirs.
      WorkingDir: home,
      Entrypoint: ["/usr/bin/postern"],
      Cmd: ["serve", "--config", config],
      StopSignal: "SIGTERM",
      // OCI's specification has no such field, and lets runtimes have theirs.
      Healthcheck: {
        Test: ["CMD", "/usr/bin/postern", "top", "--once", statusPlace],
        Interval: 30 * secondNs,
        Timeout: 5 * secondNs,
        StartPeriod: 5 * secondNs,
        Retries: 3,
      },
      Labels: {
        "org.opencontainers.image.title": "postern",
        "org.opencontainers.image.description":
          "the small guarded gate in front of a mail server",
        "org.opencontainers.image.version": release.version,
        "org.opencontainers.image.created": created,
        "org.opencontainers.image.licenses": "MIT",
      },
    },
  };
}
