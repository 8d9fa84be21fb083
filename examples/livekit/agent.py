# SPDX-License-Identifier: Apache-2.0
"""A LiveKit agent with a face that needs no key and no model: it greets whoever comes, and says what they type.

    python agent.py dev

The agent is LiveKit's, the face an avatar-worker's, started by the published plugin. README.md tells the rest.
"""
import asyncio
import os
import pathlib
from collections.abc import AsyncIterator

from PIL import Image
from livekit import rtc
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli, room_io
from livekit.plugins import bithuman

LAUNCH = os.environ.get("AVATAR_LAUNCH_URL", "http://127.0.0.1:8089/launch")
KEY = os.environ.get("AVATAR_API_TOKEN") or "none"  # the plugin wants one, the worker only if it was given one
PICTURE = os.environ.get("AVATAR_PICTURE", str(pathlib.Path(__file__).parents[2] / "assets/portrait/portrait-1024.png"))
GREETING = "Hello! I am the face of an agent that has no mind of its own yet. Type something, and I will say it."

# The agent takes every visitor, however busy the machine, which it shares with all the rest here; and is ready for one.
server = AgentServer(load_fnc=lambda: 0.0, num_idle_processes=1)


# ---------------------------------------------------------------------------------------------------------------------
# The agent's mind and voice. A real agent replaces these three functions, and nothing else, by
#
#     def new_session():
#         return AgentSession(stt="deepgram/nova-3", llm="openai/gpt-4.1-mini", tts="cartesia/sonic-3")
#
#     async def greet(session):
#         await session.generate_reply(instructions="Greet the visitor.")
#
#     async def answer(session, text):
#         await session.interrupt()
#         session.generate_reply(user_input=text)
#
# where the three names are models of LiveKit Inference, or objects of plugins: openai.LLM(base_url=...) for a server of
# your own, silero, piper and many others. In index.html, switch the microphone on.

def new_session() -> AgentSession:
    return AgentSession(vad=None)


async def greet(session: AgentSession) -> None:
    session.say(GREETING, audio=espeak(GREETING))


async def answer(session: AgentSession, text: str) -> None:
    await session.interrupt()
    session.say(text, audio=espeak(text))


async def espeak(text: str) -> AsyncIterator[rtc.AudioFrame]:
    """The text as sound, from a small formant synthesizer, while it is made."""
    rate, frame, header = 22050, 2205, 44  # Hz; samples; bytes of WAV before the first sample
    process = await asyncio.create_subprocess_exec(
        "espeak-ng", "--stdin", "--stdout", "-v", os.environ.get("ESPEAK_VOICE", "en-gb"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    try:
        process.stdin.write(text.encode())
        process.stdin.close()
        await process.stdout.readexactly(header)
        while True:
            try:
                sound = await process.stdout.readexactly(2 * frame)
            except asyncio.IncompleteReadError as end:
                sound = end.partial
            if sound:
                yield rtc.AudioFrame(sound, rate, 1, len(sound) // 2)
            if len(sound) < 2 * frame:
                return
    finally:
        if process.returncode is None:  # interrupted
            process.kill()
        await process.wait()


# ---------------------------------------------------------------------------------------------------------------------

@server.rtc_session()
async def entrypoint(job: JobContext) -> None:
    session = new_session()
    with Image.open(PICTURE) as picture:
        avatar = bithuman.AvatarSession(
            api_url=LAUNCH, api_secret=KEY, model="expression", avatar_image=picture.convert("RGB"))
    await avatar.start(session, room=job.room)  # before session.start: the session then speaks through the face
    await session.start(
        Agent(instructions="You are a friendly face. Answer in one or two short sentences."),
        room=job.room,
        room_options=room_io.RoomOptions(
            text_input=room_io.TextInputOptions(text_input_cb=lambda session, typed: answer(session, typed.text)),
            delete_room_on_close=True))  # when the visitor goes, everybody does
    await greet(session)


if __name__ == "__main__":
    cli.run_app(server)
