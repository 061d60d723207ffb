import { assertEquals, assertMatch } from "@std/assert";
import { Asked, askedTogether } from "../../lib/metrics/asked.ts";
import { page } from "../../lib/metrics/page.ts";
import { stranger } from "../deliver/submitter.ts";
import { factsFor } from "./facts.ts";

function asked() {
  const all = new Asked();
  const filter = (answer: "pass" | "later", milliseconds: number) =>
    all.emit({
      type: "filter.answered",
      ...{ connection: stranger.connection, session: "a", id: "a-1" },
      ...{ filter: "rspamd", answer, remark: "", milliseconds },
    });
  filter("pass", 2);
  filter("later", 10);
  all.emit({
    type: "policy.answered",
    ...{ policy: "<spf>", answer: "accept", milliseconds: 1 },
  });
  return all;
}

Deno.test("Asked counts what policies and filters want", () => {
  assertEquals(asked().facts, [
    { name: "rspamd", asked: 2, minded: 1, totalMs: 12, longestMs: 10 },
    { name: "<spf>", asked: 1, minded: 0, totalMs: 1, longestMs: 1 },
  ]);
  assertEquals(askedTogether([asked().facts, asked().facts])[0], {
    ...{ name: "rspamd", asked: 4, minded: 2, totalMs: 24, longestMs: 10 },
  });
});

Deno.test("page() has a table of who is asked, if anybody is", () => {
  const text = page("mx", factsFor({ asked: asked().facts }), null, 0);
  assertMatch(text, /rspamd<\/th>\s*<td class="short">2<\/td>/);
  assertMatch(text, /&lt;spf&gt;/);
  assertMatch(text, /6\.0 ms/);
  assertEquals(
    page("mx", factsFor({}), null, 0).includes("Who is asked"),
    false,
  );
});
