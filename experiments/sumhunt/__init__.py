"""A real-effort task: in each puzzle of nine numbers find those that add up to 100. Two minutes."""

import random

from uproot_aio import *

DESCRIPTION = "A real-effort task: find numbers that add up to 100"

TARGET = 100
SMALLEST, LARGEST = 11, 89


class C:
    MINUTES = 2


def new_player(player):
    player.matrix = None
    player.solutions = 0


def generate_matrix(target=...):
    """Return nine different numbers, two of which add up to the target; `...` stands for TARGET."""
    total = TARGET if target is ... else target

    first = random.choice([number for number in range(SMALLEST, LARGEST + 1) if number != total - number])
    matrix = [first, total - first]
    for number in random.sample(range(SMALLEST, LARGEST + 1), LARGEST - SMALLEST + 1):
        # A second pair would make the puzzle easier than others.
        if len(matrix) < 9 and number not in matrix and total - number not in {number, *matrix}:
            matrix.append(number)

    random.shuffle(matrix)
    return matrix


class Introduction(Page):
    pass


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

    @live
    def get_solutions(page, player):
        return player.solutions


class Results(Page):
    pass


page_order = [Introduction, Sumhunt, Results]
