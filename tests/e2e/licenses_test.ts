/**
 * Whose work is in the executable: every package that was joined with it, by
 * the bundler's own account, has its licence there, beside it, and in the bill
 * of materials.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Notices } from "../../lib/bundled/notices.ts";
import { bundle } from "../../scripts/build/bundle.ts";
import { billOfMaterials } from "../../scripts/build/sbom.ts";
import { root } from "../../scripts/build/run.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const licenses = (...args: string[]) => output(postern, ["licenses", ...args]);

Deno.test(
  needing({}, "every package of the bundle has its licence in the executable"),
  () =>
    inFolder(async (folder) => {
      const { inputs, packages } = await bundle(folder, `${root}/main.ts`);
      const bundled = new Set([...inputs].flatMap((path) =>
        /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []
      ));
      assert(bundled.size > 20, `${bundled.size} packages`);
      const { code, stdout } = await licenses("--format", "json");
      assertEquals(code, 0);
      const told: Notices = JSON.parse(stdout);
      const [ours, ...others] = told.packages;
      assertEquals(ours.name, "postern");
      assertEquals(
        others.map(({ name }) =>
          name
        ).sort(),
        [...bundled].sort(),
      );
      for (const { name, licence, texts } of told.packages) {
        assertMatch(licence, /^[\w.()-]+( (OR|AND) [\w.()-]+)*$/, name);
        assert(texts.some(({ text }) => text.length > 200), name);
      }
      const text = (await licenses()).stdout;
      for (const { name, version, texts } of told.packages) {
        assert(text.includes(`\n${name} ${version} (`) || name === "postern");
        for (const each of texts) assert(text.includes(each.text.trim()), name);
      }

      const bill = JSON.parse(
        await billOfMaterials({
          packages,
          runtime: "2.4.2",
          crates: [{ name: "tokio", version: "1.46.1" }],
          sha256: "ab".repeat(32),
        }),
      );
      checkBill(bill);
      const libraries = bill.components.filter(({ purl }: Component) =>
        purl.startsWith("pkg:npm/")
      );
      assertEquals(libraries.length, bundled.size);
      for (const { purl, hashes, licenses } of libraries) {
        assertMatch(hashes[0].content, /^[0-9a-f]{128}$/, purl);
        assert(licenses.length > 0, purl);
      }
    }),
);

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly "bom-ref": string;
}

/** What CycloneDX 1.6 wants of a bill. */
// deno-lint-ignore no-explicit-any
function checkBill(bill: any): void {
  assertEquals([bill.bomFormat, bill.specVersion], ["CycloneDX", "1.6"]);
  assert(Number.isInteger(bill.version) && bill.version >= 1);
  const { component } = bill.metadata;
  assertEquals([component.type, component.name], ["application", "postern"]);
  const types = new Set(["library", "platform"]);
  const references = [component, ...bill.components].map((each) =>
    each["bom-ref"]
  );
  assertEquals(new Set(references).size, references.length);
  for (const { type, name, version, purl } of bill.components as Component[]) {
    assert(types.has(type), type);
    assert(name !== "" && version !== "", name);
    assertMatch(purl, /^pkg:(npm|cargo|github)\/[^ @]+@[^ @]+$/);
  }
  for (const { ref, dependsOn = [] } of bill.dependencies) {
    for (const each of [ref, ...dependsOn]) assert(references.includes(each));
  }
}

Deno.test(
  needing({}, "licences as a list, and what the runtime is made of"),
  async () => {
    const list = (await licenses("--list")).stdout.split("\n");
    assertMatch(list[0], /^postern +\d+\.\d+\.\d+ +MIT$/);
    assert(list.some((line) => /^Deno +2\.\d+\.\d+ +MIT$/.test(line)));
    assert(list.some((line) => /^V8 +\d+\.\S+ +BSD-3-Clause$/.test(line)));
    const { stdout } = await licenses("--list", "--format=json");
    const { packages, crates } = JSON.parse(stdout);
    assertEquals(packages[0].texts, undefined);
    assert(
      crates.some(({ name }: { name: string }) => name === "tokio"),
      "crates are read out of the executable",
    );
  },
);

Deno.test(needing({}, "licenses knows what it was not asked"), async () => {
  for (const args of [["--format", "xml"], ["ipaddr.js"], ["--all"]]) {
    const { code, stdout, stderr } = await licenses(...args);
    assertEquals([code, stdout], [100, ""]);
    assertMatch(stderr, /^postern licenses: .*see postern licenses --help\n$/s);
  }
});
