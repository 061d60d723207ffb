/**
 * The base of the image: what the executable wants of the C library, taken from
 * the packages that this machine has of it.
 *
 * @module
 */
import type { Architecture } from "./release.ts";
import { PackageError, stdoutOf } from "./tools.ts";

/** Whose libraries `ldd` of an executable names. */
const packages = ["libc6", "libgcc-s1"];

/** Lays the libraries, their licences, and what scanners read of them. */
export async function layLibraries(
  folder: string,
  { debian }: Architecture,
): Promise<void> {
  for (const name of packages) {
    const installed = await filesOf(`${name}:${debian}`, debian);
    for (const path of installed.filter(isLibrary)) layLibrary(path, folder);
    const papers = `${folder}/usr/share/doc/${name}`;
    await Deno.mkdir(papers, { recursive: true });
    // Followed where it is a link: into the folder of a package that has more.
    await Deno.copyFile(
      `/usr/share/doc/${name}/copyright`,
      `${papers}/copyright`,
    );
    const status = `${folder}/var/lib/dpkg/status.d`;
    await Deno.mkdir(status, { recursive: true });
    await Deno.writeTextFile(
      `${status}/${name}`,
      await stdoutOf("dpkg-query", ["--status", `${name}:${debian}`]),
    );
  }
  for (const name of ["lib", "lib64"]) {
    // The executable names its loader by one of these.
    await Deno.mkdir(`${folder}/usr/${name}`, { recursive: true });
    await Deno.symlink(`usr/${name}`, `${folder}/${name}`);
  }
}

async function filesOf(name: string, debian: string): Promise<string[]> {
  try {
    return (await stdoutOf("dpkg-query", ["--listfiles", name])).split("\n");
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    const wanted = packages.map((each) => `${each}:${debian}`).join(" ");
    throw new PackageError(
      `unable to take the C library of the image from this machine: ${name} ` +
        `is not installed. On Debian or Ubuntu: ` +
        `dpkg --add-architecture ${debian} && apt-get update && ` +
        `apt-get install ${wanted}`,
    );
  }
}

/** The loader too; character sets, in folders of their own, are left out. */
const isLibrary = (path: string): boolean =>
  /^(?:\/usr)?\/lib(?:64)?\/(?:[\w-]+\/)?[^/]*\.so(?:\.[\d.]+)?$/.test(path);

/** Copies a file, or a link as a link, to where /lib is a link to /usr/lib. */
function layLibrary(path: string, folder: string): void {
  const to = `${folder}/usr${path.replace(/^\/usr(?=\/)/, "")}`;
  Deno.mkdirSync(to.replace(/\/[^/]*$/, ""), { recursive: true });
  if (Deno.lstatSync(path).isSymlink) {
    Deno.symlinkSync(Deno.readLinkSync(path), to);
  } else {
    Deno.copyFileSync(path, to);
  }
}
