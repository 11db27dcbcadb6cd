"""The code blocks of the description of live methods, each with the shipped experiment that contains it."""

from __future__ import annotations

from typing import NamedTuple


class Block(NamedTuple):
    """A code block, and the file below experiments/ that contains it, perhaps indented."""

    file: str
    text: str


BLOCKS = (
    Block(
        "counter/__init__.py",
        """\
class Counter(Page):
    @live
    def increment(page, player):
        player.counter += 1
        return player.counter
""",
    ),
    Block(
        "calling/Calls.html",
        """\
uproot.invoke("increment").then(count => {
    document.getElementById("counter").innerText = count;
});
""",
    ),
    Block(
        "calling/Calls.html",
        """\
// Single argument
uproot.invoke("set_value", 42);

// Multiple arguments
uproot.invoke("save_response", "question1", "answer");

// With error handling
uproot.invoke("increment")
    .then(result => updateDisplay(result))
    .catch(error => showError("Operation failed"));
""",
    ),
    Block(
        "quiz/__init__.py",
        """\
class Quiz(Page):
    @live
    def check_answer(page, player, answer: str):
        correct = answer.lower() == "paris"
        if correct:
            player.score += 1
        return {"correct": correct, "score": player.score}
""",
    ),
    Block(
        "quiz/Quiz.html",
        """\
uproot.invoke("check_answer", userInput).then(result => {
    if (result.correct) {
        showSuccess("Correct! Score: " + result.score);
    } else {
        showError("Try again");
    }
});
""",
    ),
    Block(
        "bids/__init__.py",
        """\
@live
def place_bid(page, player, amount: float, item_id: int):
    # amount must be a float
    # item_id must be an integer
    player.bid = amount
    return {"placed": amount}
""",
    ),
    Block(
        "calling/Connection.html",
        """\
uproot.onReady(() => {
    // WebSocket connected, safe to invoke methods
    uproot.invoke("get_initial_state").then(initDisplay);
});

uproot.onReconnect(() => {
    // Reconnected after disconnect, refresh state
    uproot.invoke("get_current_state").then(refreshDisplay);
});

uproot.onDisconnect(() => {
    // Connection lost, show warning
    showConnectionWarning();
});
""",
    ),
    Block(
        "counter/__init__.py",
        """\
def new_player(player):
    player.counter = 0


class Counter(Page):
    @live
    def increment(page, player):
        player.counter += 1
        return player.counter

    @live
    def reset(page, player):
        player.counter = 0
        return player.counter
""",
    ),
    Block(
        "counter/Counter.html",
        """\
{% extends "Base.html" %}

{% block main %}
<p>Count: <span id="count">{{ player.counter }}</span></p>
<button onclick="increment()">+1</button>
<button onclick="reset()">Reset</button>

<script>
function increment() {
    uproot.invoke("increment").then(count => {
        document.getElementById("count").innerText = count;
    });
}

function reset() {
    uproot.invoke("reset").then(count => {
        document.getElementById("count").innerText = count;
    });
}
</script>
{% endblock main %}
""",
    ),
    Block(
        "registration/__init__.py",
        """\
class Registration(Page):
    fields = dict(
        username=StringField(label="Username"),
    )

    @live
    def check_username(page, player, username: str):
        # Check if username is available
        taken = username.lower() in ["admin", "root", "system"]
        return {"available": not taken}
""",
    ),
    Block(
        "registration/Registration.html",
        """\
document.getElementById("username").addEventListener("input", (e) => {
    uproot.invoke("check_username", e.target.value).then(result => {
        if (result.available) {
            showValid("Username available");
        } else {
            showError("Username taken");
        }
    });
});
""",
    ),
    Block(
        "dashboard/__init__.py",
        """\
class Dashboard(Page):
    @live
    def get_stats(page, player):
        return {
            "total_responses": player.session.response_count,
            "average_score": player.session.average_score,
        }
""",
    ),
    Block(
        "dashboard/Dashboard.html",
        """\
uproot.onReady(() => {
    // Fetch stats when page loads
    uproot.invoke("get_stats").then(stats => {
        document.getElementById("responses").innerText = stats.total_responses;
        document.getElementById("average").innerText = stats.average_score;
    });
});

// Refresh stats periodically
setInterval(() => {
    uproot.invoke("get_stats").then(updateDashboard);
}, 5000);
""",
    ),
    Block(
        "async_processing/__init__.py",
        """\
@live
async def process_data(page, player, data: dict):
    # Do slow external work first.
    result = await some_async_function(data)

    # Then update uproot state without another await in between.
    player.processed = result
    return {"status": "complete"}
""",
    ),
    Block(
        "submit_once/__init__.py",
        """\
@live
async def submit_once(page, player, payload: dict):
    if player.submitted:
        raise ValueError("Already submitted")

    result = await external_service(payload)

    player.result = result
    player.submitted = True
""",
    ),
    Block(
        "submit_once/__init__.py",
        """\
@live
async def submit_once(page, player, payload: dict):
    result = await external_service(payload)

    if player.submitted:
        raise ValueError("Already submitted")

    player.result = result
    player.submitted = True
""",
    ),
    Block(
        "sumhunt/__init__.py",
        """\
class Sumhunt(Page):
    timeout = 120

    @live
    def get_matrix(page, player):
        if player.matrix is None:
            player.matrix = generate_matrix(...)
        return player.matrix

    @live
    def propose_solution(page, player, solution: list[int]):
        if sum(solution) == TARGET and all(x in player.matrix for x in solution):
            player.solutions += 1
            player.matrix = generate_matrix(...)  # New puzzle
            return True
        return False
""",
    ),
    Block(
        "sumhunt/Sumhunt.html",
        """\
// Fetch puzzle on page load
uproot.onReady(() => {
    uproot.invoke("get_matrix").then(updateDisplay);
});
""",
    ),
    Block(
        "sumhunt/Sumhunt.html",
        """\
// Submit answer and get next puzzle
uproot.invoke("propose_solution", selectedNumbers).then(correct => {
    if (correct) {
        uproot.invoke("get_matrix").then(updateDisplay);
    }
});
""",
    ),
)
