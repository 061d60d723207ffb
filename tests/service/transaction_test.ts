/**
 * Changes of which all are made, or none.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { look } from "../../lib/service/lying.ts";
import { ChangeError, Transaction } from "../../lib/service/transaction.ts";
import { inFolder } from "../support/peers.ts";

const file = (text: string, mode = 0o640) => ({
  kind: "file" as const,
  bytes: new TextEncoder().encode(text),
  mode,
  uid: Deno.uid()!,
  gid: Deno.gid()!,
});

Deno.test("Transaction.undo() brings everything back", () =>
  inFolder((folder) => {
    const at = (name: string) => `${folder}/${name}`;
    Deno.writeTextFileSync(at("replaced"), "before");
    Deno.chmodSync(at("replaced"), 0o600);
    Deno.writeTextFileSync(at("removed"), "before");
    Deno.symlinkSync("before", at("link"));
    const names = ["replaced", "removed", "link", "made", "made/in"];
    const before = names.map((name) => look(at(name)));
    const transaction = new Transaction();
    transaction.put(at("replaced"), file("after"));
    transaction.put(at("replaced"), file("later"));
    transaction.put(at("removed"), null);
    transaction.put(at("link"), { kind: "link", to: "after" });
    transaction.put(at("made"), { kind: "folder", mode: 0o750 });
    transaction.put(at("made/in"), file("after", 0o755));
    assertEquals(look(at("made/in")), file("after", 0o755));
    assertThrows(
      () => transaction.put(at("nowhere/in"), file("after")),
      ChangeError,
      "unable to write",
    );
    assertEquals(transaction.undo(), []);
    assertEquals(names.map((name) => look(at(name))), before);
    assertEquals([...Deno.readDirSync(folder)].length, 3);
    return Promise.resolve();
  }));
