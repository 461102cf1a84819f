from django.apps import AppConfig


class WorkersConfig(AppConfig):
    name = "workers"

    def ready(self) -> None:
        """Whatever process an act is done in, the workers hear of it at once."""
        from labeling.webhooks import deliveries
        from workers import launch  # needs the models

        deliveries.written.connect(launch.on_written)
