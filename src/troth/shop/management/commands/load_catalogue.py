from django.core.management.base import BaseCommand

from troth.shop.actions import load_catalogue


class Command(BaseCommand):
    help = "Fill the three shops from their catalogue files. Safe to run again: what was sold stays sold."

    def handle(self, **options: object) -> None:
        done = load_catalogue()
        told = f"{done.products} products, {done.variants_added} sizes added, {done.withdrawn} withdrawn"
        self.stdout.write(told)
