/**
 * The bill of materials, in CycloneDX's JSON: what is in the executable, by
 * package URLs, with the hashes of the lock file and the licences.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Crate } from "../../lib/bundled/crates.ts";
import { version } from "../../lib/base/version.ts";
import type { BundledPackage } from "./packages.ts";
import { BuildError, root } from "./run.ts";

/** What an executable was made of. */
export interface Materials {
  readonly packages: readonly BundledPackage[];
  readonly crates: readonly Crate[];
  /** Deno's version, of the runtime inside. */
  readonly runtime: string;
  /** Of the executable. */
  readonly sha256: string;
}

/** The package URL of a package of npm; its scope's @ is escaped. */
const npmUrl = ({ name, version }: BundledPackage) =>
  `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;

/** The bill as a text; the same materials make the same one. */
export async function billOfMaterials(
  { packages, crates, runtime, sha256 }: Materials,
): Promise<string> {
  const { Enums, Models, Serialize, Spec } = await import(
    "@cyclonedx/cyclonedx-library"
  );
  const { Application, Library, Platform } = Enums.ComponentType;
  const { Component } = Models;
  const integrity = await lockedIntegrity();

  const licensed = (
    component: InstanceType<typeof Component>,
    licence: string,
  ) => {
    const isSingle = /^[\w.-]+$/.test(licence);
    component.licenses.add(
      isSingle
        ? new Models.SpdxLicense(licence)
        : new Models.LicenseExpression(licence),
    );
    return component;
  };

  const ours = licensed(
    new Component(Application, "postern", {
      version,
      bomRef: "postern",
      hashes: new Models.HashDictionary([
        [Enums.HashAlgorithm["SHA-256"], sha256],
      ]),
    }),
    "MIT",
  );
  const bom = new Models.Bom();
  bom.metadata.component = ours;

  const deno = licensed(
    new Component(Platform, "deno", {
      version: runtime,
      bomRef: `pkg:github/denoland/deno@v${runtime}`,
      purl: `pkg:github/denoland/deno@v${runtime}`,
      description: "the runtime",
    }),
    "MIT",
  );
  bom.components.add(deno);
  ours.dependencies.add(deno.bomRef);

  for (const each of packages) {
    const { name, version, licence, description } = each;
    const scope = /^(@[^/]+)\/(.*)$/.exec(name);
    const component = new Component(Library, scope?.[2] ?? name, {
      ...(scope ? { group: scope[1] } : {}),
      version,
      bomRef: npmUrl(each),
      purl: npmUrl(each),
      ...(description ? { description } : {}),
    });
    const hash = integrity.get(`${name}@${version}`);
    if (hash === undefined) {
      throw new BuildError(`deno.lock has no hash of ${name}@${version}`);
    }
    component.hashes.set(Enums.HashAlgorithm["SHA-512"], hash);
    bom.components.add(licensed(component, licence));
    ours.dependencies.add(component.bomRef);
  }
  for (const { name, version } of crates) {
    const purl = `pkg:cargo/${name}@${version}`;
    const component = new Component(Library, name, {
      version: version,
      bomRef: purl,
      purl,
    });
    bom.components.add(component);
    deno.dependencies.add(component.bomRef);
  }
  const normalizers = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return new Serialize.JsonSerializer(normalizers)
    .serialize(bom, { sortLists: true, space: 2 }) + "\n";
}

/** SHA-512 in hexadecimal digits, by package and version. */
async function lockedIntegrity(): Promise<Map<string, string>> {
  const lock = JSON.parse(await Deno.readTextFile(`${root}/deno.lock`));
  const entries = Object.entries<{ integrity: string }>(lock.npm);
  return new Map(entries.flatMap(([key, { integrity }]) => {
    const base64 = /^sha512-(.+)$/.exec(integrity)?.[1];
    if (base64 === undefined) return [];
    // After the version may follow what it was resolved with.
    const [id] = /^@?[^@]+@[^_]+/.exec(key)!;
    return [[id, Buffer.from(base64, "base64").toString("hex")]];
  }));
}
