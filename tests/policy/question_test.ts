import { assertEquals } from "@std/assert";
import {
  accept,
  type Answer,
  forStrangers,
  inOrder,
  type Policy,
} from "../../lib/policy/question.ts";
import { question } from "../support/question.ts";

const refusal: Answer = {
  type: "never",
  code: 550,
  enhanced: "5.7.1",
  text: "no",
};

Deno.test("inOrder() asks until one refuses", async () => {
  const asked: string[] = [];
  const says = (name: string, answer: Answer): Policy => () => {
    asked.push(name);
    return Promise.resolve(answer);
  };
  const yes = says("yes", accept), no = says("no", refusal);
  assertEquals(await inOrder([])(question()), accept);
  assertEquals(await inOrder([yes, yes])(question()), accept);
  assertEquals(await inOrder([yes, no, yes])(question()), refusal);
  assertEquals(asked, ["yes", "yes", "yes", "no"]);
});

Deno.test("forStrangers() does not ask about who has logged in", async () => {
  const policy = forStrangers(() => Promise.resolve(refusal));
  assertEquals(await policy(question()), refusal);
  assertEquals(await policy(question({ user: "" })), accept);
  assertEquals(await policy(question({ user: "anne" })), accept);
});
