"""chat_page.py - the chat's page in a real browser: two of them, and somebody with a plain socket.

    python3 chat_page.py HTTP_PORT TCP_PORT RESTART [SCREENSHOTS]

RESTART is a command that ends the server and starts another one on the same ports. Prints lines
"ok   words" and "FAIL words". Status 77: there is no browser here. Needs Debian's chromium,
chromium-driver and python3-selenium; nothing is downloaded.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

try:
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("python3-selenium is not installed")
    sys.exit(77)

PATIENCE = 60
ATTEMPTS = 3
http_port, tcp_port, restart = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
pictures = sys.argv[4] if len(sys.argv) > 4 else None
binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
if not binary or not driver:
    print("chromium or chromium-driver is not installed")
    sys.exit(77)


def browser(profile):
    options = Options()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--window-size=1100,720", "--user-data-dir=" + profile, "--lang=en",
                 "--disable-background-networking", "--disable-component-update", "--no-first-run"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for attempt in range(ATTEMPTS):  # chromedriver gives a browser a minute to start
        try:
            return webdriver.Chrome(service=Service(driver), options=options)
        except WebDriverException:
            if attempt == ATTEMPTS - 1:
                raise


def until(words, condition):
    """One check: the condition comes true in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if condition():
                print("ok   " + words, flush=True)
                return
        except Exception:  # the page is being drawn anew
            pass
        time.sleep(0.1)
    print("FAIL " + words, flush=True)


def text(b, css):
    return b.find_element(By.CSS_SELECTOR, css).text


def come_in(b, name, room="general"):
    b.get(f"http://127.0.0.1:{http_port}/")
    until(f"{name} sees the door", lambda: b.find_elements(By.NAME, "room"))
    b.find_element(By.CSS_SELECTOR, f"input[value={room}]").click()
    b.find_element(By.ID, "username").send_keys(name)
    b.find_element(By.CSS_SELECTOR, "#register button").click()
    until(f"{name} is inside", lambda: text(b, "#room-name") != "")


def say(b, words):
    b.find_element(By.ID, "text").send_keys(words + Keys.ENTER)


def picture(b, name):
    if pictures:
        b.save_screenshot(os.path.join(pictures, name + ".png"))


def hears(b, words):
    return words in text(b, "#messages")


class Terminal:
    """What nc does, by hand."""

    def __init__(self, name):
        self.file = socket.create_connection(("127.0.0.1", tcp_port), 30).makefile("rwb")
        self.send(type="register", username=name)
        self.send(type="join", room_id="general")

    def send(self, **content):
        self.file.write(json.dumps(content).encode() + b"\n")
        self.file.flush()

    def hears(self, words):
        for line in self.file:
            content = json.loads(line)
            if content.get("message") == words:
                return content
        return None


def run(a, b):
    a.get(f"http://127.0.0.1:{http_port}/")
    until("the door says which rooms there are", lambda: "Tech talk" in text(a, "#doors"))
    picture(a, "door")
    come_in(a, "Ada")
    come_in(b, "田中")
    until("Ada hears that 田中 has come", lambda: hears(a, "田中 joined the room"))
    nc = Terminal("nc")
    until("both browsers hear that nc has come",
          lambda: hears(a, "nc joined the room") and hears(b, "nc joined the room"))
    say(a, "Hello from a browser")
    until("the other browser hears it", lambda: hears(b, "Hello from a browser"))
    print("ok   and nc" if nc.hears("Hello from a browser") else "FAIL and nc", flush=True)
    nc.send(type="message", message="こんにちは from a terminal")
    until("both browsers hear nc", lambda: hears(a, "こんにちは from a terminal")
          and hears(b, "こんにちは from a terminal"))
    html = "<img src=x onerror=\"document.title='broken'\"><b>bold</b>"
    nc.send(type="message", message=html)
    until("HTML is shown as it was written", lambda: hears(a, html) and "broken" not in a.title
          and not a.find_elements(By.CSS_SELECTOR, "#messages b, #messages img"))
    until("three members are shown", lambda: text(a, "#count") == "(3)" and "nc" in text(a, "#members"))
    picture(a, "room")
    a.set_window_size(500, 720)
    picture(a, "small")
    a.set_window_size(1100, 720)
    b.find_elements(By.CSS_SELECTOR, "#rooms button")[1].click()
    until("田中 changes the room", lambda: text(b, "#room-name") == "Tech talk")
    until("and the others hear of it", lambda: hears(a, "田中 left the room"))
    b.find_elements(By.CSS_SELECTOR, "#rooms button")[0].click()
    until("and comes back, and is told what was said",
          lambda: text(b, "#room-name") == "General" and hears(b, "Hello from a browser"))

    subprocess.run(restart + " stop", shell=True, check=True)
    until("the page says that the server is gone", lambda: "Trying again" in text(a, "#connection"))
    picture(a, "lost")
    subprocess.run(restart + " start", shell=True, check=True)
    until("the page connects by itself when there is a server again",
          lambda: text(a, "#connection") == "Connected" and hears(a, "You are back"))
    until("and so does the other one", lambda: hears(b, "You are back"))
    until("and what was said before is still to be seen", lambda: hears(a, "Hello from a browser"))
    say(b, "We are back")
    until("they talk to each other again", lambda: hears(a, "We are back"))
    errors = [e["message"] for e in a.get_log("browser")
              if e["level"] == "SEVERE" and "WebSocket connection" not in e["message"]]
    print("ok   the page has no errors" if not errors else f"FAIL the page has errors: {errors}")


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profiles:
    browsers = []
    try:
        with ThreadPoolExecutor() as pool:
            starts = [pool.submit(browser, os.path.join(profiles, name)) for name in "ab"]
        browsers = [start.result() for start in starts]
        run(*browsers)
    finally:
        for one in browsers:
            one.quit()
