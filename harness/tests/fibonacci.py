"""What the demo of chapter 01 is compared with: generators in a deque, resumed in turn."""

from collections import deque


def fibonacci(n):
    a, b = 0, 1
    for i in range(n):
        a, b = b, a + b
        print(f"Fibonacci({i}): {a}")
        yield
    return a


def run(ready):
    while ready:
        print("Event loop cycle.")
        coroutine = ready.popleft()
        try:
            coroutine.send(None)
        except StopIteration:
            print("Task completed")
        else:
            ready.append(coroutine)


run(deque([fibonacci(5)]))
