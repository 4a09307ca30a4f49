// One incident as people live it: signed in, watched as it arrives, approved by two, told to customers, written up,
// found again. Usage: node run.mjs FIREBELL [SHOTS]
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Browser, Program, sleep, until } from "./lib.mjs";
import { rooms } from "./room.mjs";

const [binary = "../target/debug/firebell", shots = "shots"] = process.argv.slice(2);
const say = (text) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
const PASSWORD = "three small words";

const program = new Program(binary, ["demo", "--approve", "ask", "--stay", "--fault", "bad-release", "--seed", "3"]);
const browser = await Browser.open(shots);

async function invite(admin, base, name, role) {
  await admin.goto(`${base}/settings/people`);
  const form = admin.locator("form[action='/settings/people/invite']");
  if (!(await form.isVisible())) await admin.locator("#p-new > summary").click();
  await form.getByLabel("Name").fill(name);
  await form.getByLabel("Role").selectOption(role);
  await form.getByRole("button", { name: "Invite" }).click();
  const link = await admin.locator("code.secret").innerText();
  const person = await browser.person();
  await person.goto(link);
  await person.getByLabel("Password").fill(PASSWORD);
  await person.getByLabel("Once more").fill(PASSWORD);
  await person.getByRole("button", { name: "Set password" }).click();
  await person.waitForURL(`${base}/`);
  return person;
}

const GO = "form[action$='/do/approve'] button.primary";
const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));

/** Says go to the plan that waits. */
async function approve(person, name) {
  await until(`${name} can say go`, 120_000, async () => {
    if (!(await person.locator(GO).count())) return false;
    await unfold(person);
    await person.locator(GO).first().click();
    return true;
  });
  await person.locator(".told.ok").first().waitFor();
  say(`${name} said go`);
}

try {
  const [, base] = await program.said(/(http:\/\/127\.0\.0\.1:\d+)\/login\?token=\w+/, 60_000);
  const token = readFileSync(join(program.dir, "server", "admin.token"), "utf8").trim();
  const admin = await browser.person();
  await admin.goto(`${base}/login?token=${token}`);
  say(`signed in at ${base}`);
  await admin.goto(`${base}/`);
  const stamp = await admin.evaluate(() => (window.__stamp = Math.random()));

  // The incident arrives while the page is open, without a reload.
  const row = admin.locator("a[href^='/incidents/INC-']").first();
  await row.waitFor({ timeout: 120_000 });
  assert.equal(await admin.evaluate(() => window.__stamp), stamp, "the page was not loaded again");
  const id = (await row.getAttribute("href")).match(/INC-\d+-\d+/)[0];
  say(`${id} arrived live`);

  const ada = await invite(admin, base, "Ada Okafor", "commander");
  const grace = await invite(admin, base, "Grace Lindqvist", "commander");
  say("two people came in by invitation");

  await ada.goto(`${base}/incidents/${id}`);
  const newest = () => ada.locator(".timeline li").first().innerText();
  const before = await newest();
  await until("the timeline grows by itself", 90_000, async () => (await newest()) !== before);
  say("its timeline moves");

  await grace.goto(`${base}/incidents/${id}`);
  await approve(ada, "Ada");
  await grace.reload();
  const second = await until("Grace can say go, or one was enough", 20_000, async () => {
    if (await grace.locator(GO).count()) return "go";
    return /mitigating|monitoring|resolved/i.test(await grace.locator(".top").innerText()) ? "enough" : "";
  });
  if (second === "go") await approve(grace, "Grace");

  // An update to customers, seen on the status page without signing in.
  const words = `We are on it, says the commander (${Date.now()}).`;
  await ada.goto(`${base}/incidents/${id}`);
  await unfold(ada);
  const form = ada.locator("form[action$='/do/update']:has(input[name=audience][value=public])");
  await form.locator("input[name=subject]").fill("Checkout");
  await form.locator("textarea[name=body]").fill(words);
  await form.getByRole("button", { name: "Send" }).click();
  await ada.locator(".told.ok").first().waitFor();
  const customer = await browser.person();
  await until("customers read it", 20_000, async () => {
    await customer.goto(`${base}/status`);
    return (await customer.locator("body").innerText()).includes(words);
  });
  assert.equal(await customer.locator("script").count(), 0, "the status page has no script");
  say("customers read the update");

  // Where the first plan did not help, the next one waits for a person again.
  await until("it is resolved", 150_000, async () => {
    await admin.goto(`${base}/incidents/${id}`);
    if (/resolved/i.test(await admin.locator("header.top, .top").first().innerText())) return true;
    await ada.goto(`${base}/incidents/${id}`);
    if (await ada.locator(GO).count()) await approve(ada, "Ada, once more,");
    return false;
  });
  await until("the postmortem is there", 120_000, async () => {
    const answer = await admin.goto(`${base}/incidents/${id}/postmortem`);
    return answer.ok() && /Postmortem of/.test(await admin.title());
  });
  say("resolved, and the postmortem is written");

  // Written anew, read, and found.
  await ada.goto(`${base}/incidents/${id}/postmortem/edit`);
  const text = ada.locator("textarea[name=text]");
  const learnt = `Zanzibar${Date.now()}`;
  await text.fill(`${await text.inputValue()}\n\n## What we learnt\n\nThe codeword is ${learnt}. <script>alert(1)</script>\n`);
  await ada.getByRole("button", { name: "Preview" }).click();
  await ada.locator(".prose", { hasText: learnt }).waitFor();
  await ada.getByRole("button", { name: "Save" }).click();
  await ada.locator(".told.ok").first().waitFor();
  await ada.goto(`${base}/incidents/${id}/postmortem`);
  const read = await ada.locator("body").innerText();
  assert.ok(read.includes(learnt) && read.includes("<script>alert(1)</script>"), "the edit is shown, as text");
  await until("it is found by its words", 20_000, async () => {
    await ada.goto(`${base}/postmortems?q=${learnt}`);
    return (await ada.locator("main").innerText()).includes(id);
  });
  say("the postmortem was edited and found");

  // Every page, wide and on a phone, light and dark.
  await admin.goto(`${base}/`);
  const pages = {
    home: "/", incidents: "/incidents", incident: `/incidents/${id}`, alerts: "/alerts", services: "/services", oncall: "/oncall",
    postmortems: "/postmortems", reports: "/reports", settings: "/settings", account: "/settings/account",
    people: "/settings/people", audit: "/settings/audit", edit: `/incidents/${id}/postmortem/edit`,
    status: "/status", history: "/status/history",
  };
  for (const [name, path] of Object.entries(pages)) await browser.inspect(admin, name, base + path);
  const stranger = await browser.person();
  await browser.inspect(stranger, "login", `${base}/login`);
  say(`${Object.keys(pages).length + 1} pages inspected`);

  // Keys.
  await admin.goto(`${base}/`);
  await admin.keyboard.press("Control+k");
  await admin.locator("dialog[open]").waitFor({ timeout: 5_000 });
  await admin.keyboard.type(id);
  await sleep(600);
  await admin.keyboard.press("Enter");
  await admin.waitForURL(`**/incidents/${id}*`, { timeout: 10_000 });
  say("the palette leads to the incident");

  await ada.goto(`${base}/`);
  await ada.getByRole("button", { name: "Sign out" }).click();
  await ada.waitForURL("**/login*");
  await ada.goto(`${base}/incidents/${id}`);
  assert.match(ada.url(), /\/login/, "signed out is signed out");
  say("signed out");

  // Another installation, with a chat and a tracker.
  await browser.leave();
  await program.stop();
  await rooms(binary, browser, say);

  assert.deepEqual(browser.problems, [], "pages are in order");
  say("all is well");
} catch (error) {
  console.error(error);
  console.error(browser.problems.join("\n"));
  console.error(program.text.slice(-3000));
  process.exitCode = 1;
} finally {
  await browser.close();
  await program.stop();
}
