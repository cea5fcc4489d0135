"""What Azure calls. Unpack, call, answer: the work is done elsewhere.

Every function is `async def` and hands its work to a thread, because the work is synchronous HTTP and a blocked event
loop would stop all functions of the process. What is heavy is imported when the first message arrives. No error leaves
a function, except one without a text where the bus is to deliver a batch again (`connector.triggers.guard`).
"""
